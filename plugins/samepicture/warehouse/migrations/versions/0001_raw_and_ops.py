"""raw: accepted rows, a table a record type. ops: what became of each submission."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

PROVENANCE = """
    submission_id varchar, part_name varchar, line_number bigint, feed_id varchar, version_at timestamptz, is_removed boolean,
    redaction_version varchar, unmapped varchar
"""
"""Of every table of raw."""

RAW = {
    "complaint": """
        organisation_ods_code varchar, case_pseudonym varchar, case_type_code varchar, received_date date, event_date date,
        received_via_code varchar, acknowledged_date date, response_due_date date, response_sent_date date, closed_date date,
        reopened_count bigint, stage_code varchar, complainant_relationship_code varchar, consent_status_code varchar, subject_codes
        varchar, subject_source_names varchar, service_code varchar, site_ods_code varchar, site_name varchar, specialty_name varchar,
        profession_code varchar, outcome_code varchar, severity_code varchar, pals_origin_pseudonym varchar, age_band_code varchar,
        ethnic_category_code varchar, gender_code varchar, has_learning_disability boolean, narrative varchar, lessons varchar
    """,
    "complaint_return": """
        collection_code varchar, level_code varchar, return_code varchar, year_name varchar, period_start_date date, period_end_date
        date, region_code varchar, icb_code varchar, icb_name varchar, organisation_ods_code varchar, organisation_name varchar,
        organisation_type_name varchar, site_ods_code varchar, site_name varchar, contract_number varchar, measure_group_code varchar,
        measure_code varchar, measure_name varchar, is_total boolean, complaints_count bigint, is_suppressed boolean
    """,
    "survey_response": """
        survey_id varchar, survey_name varchar, response_pseudonym varchar, question_id varchar, answer_number bigint, question_text
        varchar, question_code varchar, answer_kind_code varchar, answer_value varchar, answer_name varchar, scale_code varchar,
        scale_direction_code varchar, score double precision, normalised_score double precision, narrative varchar, is_complete boolean,
        submitted_date date, submitted_at timestamptz, channel_code varchar, respondent_role_code varchar, organisation_ods_code
        varchar, site_ods_code varchar, service_name varchar, setting_code varchar, age_band_code varchar, ethnic_category_code varchar,
        gender_code varchar, has_disability boolean
    """,
    "survey_result": """
        survey_code varchar, setting_code varchar, level_code varchar, period_start_date date, period_end_date date, icb_code varchar,
        organisation_ods_code varchar, organisation_name varchar, site_ods_code varchar, site_name varchar, unit_name varchar,
        question_code varchar, measure_code varchar, answer_code varchar, unit_code varchar, value double precision, is_weighted
        boolean, is_suppressed boolean, is_not_computable boolean
    """,
    "experience_story": """
        publisher_code varchar, story_id varchar, origin_code varchar, story_url varchar, title varchar, body varchar, author_role_code
        varchar, author_age_band_code varchar, submitted_date date, published_date date, submitted_at timestamptz, visit_month_date
        date, organisation_ods_codes varchar, service_ods_codes varchar, service_names varchar, tags varchar, ratings varchar,
        severity_score bigint, response_count bigint, first_response_date date, progress_code varchar
    """,
    "healthwatch_report": """
        report_id varchar, report_url varchar, library_code varchar, local_healthwatch_name varchar, title varchar, published_date date,
        published_date_source_code varchar, report_type_name varchar, summary varchar, full_text varchar, topics varchar, methods
        varchar, people_reached_count bigint, people_reached_sentence varchar, services varchar, provider_names varchar,
        recommendations_stated_count bigint, recommendations_stated_sentence varchar, recommendations varchar, response_status_code
        varchar, response_date date, response_text varchar, file_url varchar, file_sha256 varchar
    """,
    "engagement_activity": """
        organisation_ods_code varchar, activity_id varchar, activity_name varchar, activity_date date, activity_end_date date,
        channel_code varchar, activity_kind_code varchar, initiator_code varchar, place_name varchar, people_groups varchar,
        reached_count bigint, contributed_count bigint, theme_codes varchar, sentiment_code varchar, what_was_heard varchar,
        outcome_code varchar, outcome varchar, told_back_date date, told_back_channel_code varchar
    """,
    "improvement_action": """
        organisation_ods_code varchar, action_id varchar, title varchar, what_was_said varchar, what_was_done varchar, theme_codes
        varchar, change_type_code varchar, owner_role varchar, recommendation_ids varchar, activity_ids varchar, source_families
        varchar, agreed_date date, due_date date, done_date date, status_code varchar, told_back_date date, told_back_channel_code
        varchar, remeasured_date date, remeasured_outcome_code varchar
    """,
    "inspection_rating": """
        level_code varchar, cqc_id varchar, rated_cqc_id varchar, provider_cqc_id varchar, organisation_name varchar,
        organisation_ods_code varchar, icb_ons_code varchar, local_authority_name varchar, category_name varchar,
        registration_status_code varchar, deregistered_date date, service_name varchar, scope_code varchar, rating_code varchar,
        report_date date, report_id varchar, is_current boolean, is_inherited boolean
    """,
    "ombudsman_decision": """
        publisher_code varchar, decision_id varchar, title varchar, decision_type_code varchar, organisation_names varchar,
        organisation_ods_codes varchar, decision_date date, published_date date, outcome_codes varchar, subject_names varchar,
        complaint_text varchar, summary varchar, recommendations varchar, decision_url varchar
    """,
    "organisation": """
        ods_code varchar, organisation_name varchar, role_code varchar, region_code varchar, icb_code varchar, sub_icb_code varchar,
        postcode_district varchar, opened_date date, closed_date date, status_code varchar, setting_name varchar
    """,
    "organisation_relationship": """
        from_ods_code varchar, to_ods_code varchar, relationship_code varchar, start_date date, end_date date
    """,
    "population": """
        denominator_code varchar, area_code varchar, area_type_code varchar, icb_ons_code varchar, as_of_date date, group_scheme_code
        varchar, group_code varchar, group_name varchar, is_total boolean, sex_code varchar, age_code varchar, people_count bigint
    """,
}

RECORDS = {
    "complaint": "organisation_ods_code, case_pseudonym",
    "complaint_return": "collection_code, level_code, return_code, period_start_date, organisation_ods_code, icb_code, site_ods_code, site_name, contract_number, measure_code",
    "survey_response": "survey_id, response_pseudonym",
    "survey_result": "survey_code, setting_code, level_code, period_start_date, icb_code, organisation_ods_code, site_ods_code, unit_name, question_code, measure_code, answer_code",
    "experience_story": "publisher_code, story_id",
    "healthwatch_report": "report_id",
    "engagement_activity": "organisation_ods_code, activity_id",
    "improvement_action": "organisation_ods_code, action_id",
    "inspection_rating": "level_code, cqc_id",
    "ombudsman_decision": "publisher_code, decision_id",
    "organisation": "ods_code, role_code",
    "organisation_relationship": "from_ods_code, to_ods_code, relationship_code, start_date",
    "population": "denominator_code, area_code, as_of_date, group_scheme_code, group_code, sex_code, age_code",
}
"""What tells records apart: looked up by a hash, for an index could not hold keys of long texts."""

OPS = {
    "build": """
        build_id varchar not null, record_types varchar not null, load_number bigint not null, models_sha256 varchar not null,
        model_count integer not null, model_names varchar, started_at timestamptz not null, finished_at timestamptz not null, primary
        key (build_id)
    """,
    "feed": """
        feed_id varchar not null, feed_name varchar not null, record_type varchar not null, publisher_name varchar not null,
        owner_directorate_code varchar not null, source_family_code varchar not null, expected_every_days integer, is_active boolean not
        null, primary key (feed_id)
    """,
    "feedback": """
        submission_id varchar not null, loaded_at timestamptz not null, report_sha256 varchar not null, sent_at timestamptz not null,
        primary key (submission_id)
    """,
    "ledger": """
        submission_id varchar not null, stage_code varchar not null, outcome_code varchar not null, record_count bigint, started_at
        timestamptz, finished_at timestamptz, duration_seconds double precision, primary key (submission_id, stage_code)
    """,
    "notice": """
        notice_id varchar not null, messenger_code varchar not null, kind_code varchar not null, feed_id varchar not null, subject
        varchar not null, since timestamptz not null, sentence varchar not null, told_at timestamptz not null, solved_at timestamptz,
        primary key (notice_id)
    """,
    "quarantine": """
        submission_id varchar not null, feed_id varchar not null, part_name varchar not null, line_number bigint not null, code varchar
        not null, column_name varchar, sentence varchar not null, record varchar
    """,
    "submission": """
        submission_id varchar not null, feed_id varchar not null, record_type varchar not null, layout_names varchar, file_name varchar
        not null, sha256 varchar not null, bytes bigint not null, landed_at timestamptz not null, outcome_code varchar not null,
        rejection_code varchar, rejection_sentence varchar, source_count bigint, received_count bigint not null, accepted_count bigint
        not null, rejected_count bigint not null, loaded_row_count bigint not null, replaced_row_count bigint not null, load_number
        bigint not null, primary key (submission_id)
    """,
    "submission_warning": """
        submission_id varchar not null, feed_id varchar not null, code varchar not null, column_name varchar, value varchar, row_count
        bigint not null, sentence varchar not null
    """,
}


def upgrade() -> None:
    """Make them."""
    for schema in ("raw", "ops"):
        op.execute(f"create schema if not exists {schema}")
    for table, columns in RAW.items():
        op.execute(f"create table raw.{table} ({columns}, {PROVENANCE})")
        op.execute(f"create index {table}_submission on raw.{table} (submission_id)")
        op.execute(f"create index {table}_record on raw.{table} (hash_record_extended(row({RECORDS[table]}), 0))")
    for table, columns in OPS.items():
        op.execute(f"create table ops.{table} ({columns})")
