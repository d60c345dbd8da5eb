"""What two invented complaint systems call things: our code to the vendor's words. feed.yml says the same the other way round."""

from __future__ import annotations

CASE_TYPE = {
    "complaint": ("Formal complaint", "Complaint - formal"),
    "pals": ("PALS", "PALS contact"),
    "concern": ("Concern", "Informal concern"),
    "compliment": ("Compliment", "Thank you"),
    "enquiry": ("Enquiry", "Information request"),
    "mp_letter": ("MP letter", "MP enquiry"),
}
RECEIVED_VIA = {
    "letter": (("LET", "Letter"), "Post"),
    "email": (("EML", "E-mail"), "Email"),
    "phone": (("TEL", "Telephone"), "Phone call"),
    "in_person": (("PER", "In person"), "Walk-in"),
    "website": (("WEB", "Web form"), "Online form"),
    "mp": (("MP", "Member of Parliament"), "MP office"),
    "solicitor": (("SOL", "Solicitor"), "Legal representative"),
    "other": (("OTH", "Other"), "Other route"),
}
STAGE = {
    "received": (("NEW", "New"), "Logged"),
    "acknowledged": (("ACK", "Acknowledged"), "Acknowledged"),
    "investigation": (("INV", "Under investigation"), "With directorate"),
    "response_sent": (("RSP", "Response sent"), "Reply issued"),
    "closed": (("CLO", "Closed"), "Completed"),
    "reopened": (("REO", "Re-opened"), "Reactivated"),
    "phso": (("PHS", "With the Ombudsman"), "Ombudsman"),
    "withdrawn": (("WDN", "Withdrawn"), "Not pursued"),
}
RELATIONSHIP = {
    "self": (("PAT", "Patient"), "Patient"),
    "relative": (("REL", "Relative"), "Family member"),
    "carer": (("CAR", "Carer"), "Carer / support"),
    "advocate": (("ADV", "Advocate"), "Advocacy service"),
    "mp": (("MP", "Member of Parliament"), "MP"),
    "solicitor": (("SOL", "Solicitor"), "Solicitor"),
    "other": (("OTH", "Other"), "Somebody else"),
}
CONSENT = {
    "not_required": (("NR", "Not required"), "N/A - own care"),
    "obtained": (("YES", "Obtained"), "Received"),
    "pending": (("PEN", "Awaited"), "Requested"),
    "refused": (("NO", "Refused"), "Declined"),
}
OUTCOME = {
    "upheld": (("UPH", "Upheld"), "Well founded"),
    "partially_upheld": (("PUP", "Partially upheld"), "Well founded in part"),
    "not_upheld": (("NUP", "Not upheld"), "Not well founded"),
    "withdrawn": (("WDN", "Withdrawn"), "Not pursued"),
    "consent_not_received": (("CNR", "Consent not received"), "No consent"),
}
SEVERITY = {"low": ("1 - Low", "Green"), "medium": ("2 - Medium", "Yellow"), "high": ("3 - High", "Amber"), "major": ("4 - Major", "Red")}
SERVICE = {
    "inpatient": (("IP", "Inpatient"), "Ward care"),
    "outpatient": (("OP", "Outpatient"), "Clinic"),
    "emergency": (("ED", "Emergency department"), "A&E"),
    "maternity": (("MAT", "Maternity"), "Maternity"),
    "other": (("OTH", "Other"), "Other setting"),
}
PROFESSION = {
    "medical": (("MED", "Medical"), "Doctors"),
    "nursing": (("NUR", "Nursing"), "Nurses"),
    "midwifery": (("MID", "Midwifery"), "Midwives"),
    "scientific_therapeutic_and_technical": (("STT", "Scientific, therapeutic and technical"), "Allied health"),
    "nhs_infrastructure_support": (("ADM", "Administration and estates"), "Support services"),
    "other": (("OTH", "Other"), "Other staff"),
}
SUBJECT = {
    "access_to_treatment_or_drugs": (("ACC", "Access to treatment or drugs"), "Treatment refused or not funded"),
    "admissions_discharge_and_transfers": (("ADT", "Admissions, discharge and transfers"), "Going home and transfers"),
    "appointments": (("APP", "Appointments"), "Appointments"),
    "commissioning_services": (("COM", "Commissioning"), "Service not provided here"),
    "communications": (("CMN", "Communications"), "Information and communication"),
    "consent_to_treatment": (("CNS", "Consent to treatment"), "Consent"),
    "end_of_life_care": (("EOL", "End of life care"), "Care of the dying"),
    "facilities_services": (("FAC", "Facilities"), "Environment and hotel services"),
    "integrated_care": (("INT", "Integrated care"), "Joined-up care"),
    "patient_care_including_nutrition_hydration": (("CAR", "Patient care incl. nutrition and hydration"), "Basic nursing care"),
    "mortuary_and_post_mortem_arrangements": (("MOR", "Mortuary and post mortem"), "After death"),
    "prescribing_errors": (("PRE", "Prescribing"), "Medication"),
    "privacy_dignity_and_wellbeing": (("PRI", "Privacy, dignity and wellbeing"), "Dignity and respect"),
    "restraint": (("RES", "Restraint"), "Restraint"),
    "staffing_numbers": (("STA", "Staffing numbers"), "Not enough staff"),
    "transport": (("TRA", "Transport"), "Patient transport"),
    "trust_administration": (("ADM", "Trust administration"), "Records and administration"),
    "values_and_behaviours": (("VAL", "Values and behaviours of staff"), "Staff attitude"),
    "waiting_times": (("WAI", "Waiting times"), "Delays and waiting"),
    "other": (("OTH", "Other"), "Miscellaneous"),
    "clinical_treatment": (("CLI", "Clinical treatment"), "Clinical care"),
}
AGE_BAND = {
    "0-5": ("0-5", "Under 6"),
    "6-17": ("6-17", "6 to 17"),
    "18-25": ("18-25", "18 to 25"),
    "26-55": ("26-55", "26 to 55"),
    "56-64": ("56-64", "56 to 64"),
    "65-74": ("65-74", "65 to 74"),
    "75+": ("75+", "75 and over"),
    "unknown": ("", "Not recorded"),
}
ETHNIC_CATEGORY = {
    "A": ("A", "White British"),
    "C": ("C", "Other White"),
    "D": ("D", "White and Black Caribbean"),
    "H": ("H", "Indian"),
    "J": ("J", "Pakistani"),
    "L": ("L", "Other Asian"),
    "M": ("M", "Black Caribbean"),
    "N": ("N", "Black African"),
    "S": ("S", "Any other"),
    "Z": ("Z", "Declined to say"),
    "99": ("99", "Not recorded"),
}
GENDER = {"1": ("M", "Male"), "2": ("F", "Female"), "9": ("I", "Indeterminate"), "X": ("U", "Not recorded")}
