"""The contracts of all record types, one module each."""

from __future__ import annotations

from samepicture.records import (
    complaint,
    complaint_return,
    engagement_activity,
    experience_story,
    healthwatch_report,
    improvement_action,
    inspection_rating,
    ombudsman_decision,
    organisation,
    organisation_relationship,
    population,
    survey_response,
    survey_result,
)
from samepicture.records.contract import PROVENANCE, Column, Contract, Keep, Kind, Retention

CONTRACTS: dict[str, Contract] = {
    module.CONTRACT.record_type: module.CONTRACT
    for module in (
        complaint,
        complaint_return,
        survey_response,
        survey_result,
        experience_story,
        healthwatch_report,
        engagement_activity,
        improvement_action,
        inspection_rating,
        ombudsman_decision,
        organisation,
        organisation_relationship,
        population,
    )
}

__all__ = ["CONTRACTS", "PROVENANCE", "Column", "Contract", "Keep", "Kind", "Retention"]
