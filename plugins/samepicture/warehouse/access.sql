-- Who may read what on the shared server, apart from the models themselves, whose grants dbt makes.
-- Repeatable: run after each migration, and when this file or a contract has changed.
-- {database} is that of SAMEPICTURE_WAREHOUSE, whose user owns everything here.

create schema if not exists access;
create schema if not exists staging;
create schema if not exists conformed;
create schema if not exists marts;
create schema if not exists published;

create table if not exists access.organisation_grant (
    login varchar not null,
    organisation_ods_code varchar not null,
    granted_at timestamptz not null default statement_timestamp(),
    primary key (login, organisation_ods_code)
);
comment on table access.organisation_grant is 'One row an organisation whose records a person of nursing may read. Key: login, organisation_ods_code.';

create table if not exists access.narrative_opening (
    opening_number bigint generated always as identity primary key,
    login varchar not null,
    feedback_id varchar not null,
    purpose varchar not null,
    opened_at timestamptz not null,
    transaction_id xid8 not null,
    is_allowed boolean not null
);
create index if not exists narrative_opening_login on access.narrative_opening (login, opened_at);
comment on table access.narrative_opening is 'One row a person and narrative that they opened, or tried to: who, which, when, what for. Key: opening_number.';

-- Codes under which a granted organisation reported at any time: its predecessors' records are its own now.
create or replace function access.granted_organisations() returns text[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    granted text[] := (select coalesce(array_agg(organisation_ods_code::text), '{{}}') from access.organisation_grant where login = session_user);
begin
    if to_regclass('conformed.dim_organisation') is null then
        return granted;
    end if;
    return granted || (select coalesce(array_agg(distinct ods_code::text), '{{}}') from conformed.dim_organisation where current_ods_code = any (granted));
end $$;

create or replace function access.granted_feedback() returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if to_regclass('conformed.bridge_feedback_organisation') is not null then
        return query
        select feedback_id::text from conformed.bridge_feedback_organisation
        where organisation_ods_code = any (access.granted_organisations());
    end if;
end $$;

-- A person of the data team may open any; a person of nursing those of the organisations that they were granted.
create or replace function access.may_open(feedback text) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return pg_has_role(session_user, 'samepicture_engineer', 'member') or exists (
        select 1 from conformed.bridge_feedback_organisation
        where feedback_id = feedback and organisation_ods_code = any (access.granted_organisations())
    );
end $$;

create or replace function access.open_narratives(feedback_ids text[], purpose text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    opened bigint;
begin
    if length(trim(coalesce(purpose, ''))) < 3 then
        raise exception 'say what you need the words for: select access.open_narratives(array[''...''], ''review of discharge complaints'')';
    end if;
    with wanted as (
        select distinct feedback from unnest(feedback_ids) as asked (feedback) where feedback is not null
    ),
    written as (
        insert into access.narrative_opening (login, feedback_id, purpose, opened_at, transaction_id, is_allowed)
        select session_user, feedback, trim(purpose), clock_timestamp(), pg_current_xact_id(), access.may_open(feedback) from wanted
        returning is_allowed
    )
    select count(*) filter (where is_allowed) into opened from written;
    return opened;
end $$;
comment on function access.open_narratives is 'Opens narratives for an hour and writes down who opened which, when and what for. Commit, then read published.narrative. Returns how many were opened.';

-- What the reader may see now. An opening counts from the transaction after its own on: it is written down for good
-- by then, and no rollback takes it back while the words stay on the screen.
create or replace function access.opened_feedback() returns text[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return (
        select coalesce(array_agg(distinct feedback_id::text), '{{}}')
        from access.narrative_opening
        where
            login = session_user
            and is_allowed
            and opened_at > statement_timestamp() - interval '1 hour'
            and transaction_id is distinct from pg_current_xact_id_if_assigned()
            and access.may_open(feedback_id)
    );
end $$;

revoke all on database {database} from public;
revoke all on schema public from public;
revoke all on all functions in schema access from public;
grant connect on database {database} to samepicture_engineer, samepicture_nursing, samepicture_analyst, samepicture_comms;

grant usage on schema raw, ops, access, published to samepicture_engineer;
grant usage on schema conformed, marts, published, access to samepicture_nursing;
grant usage on schema conformed, marts, published to samepicture_analyst;
grant usage on schema published to samepicture_comms;

grant execute on function access.granted_organisations(), access.granted_feedback() to samepicture_nursing;
grant execute on function access.opened_feedback(), access.open_narratives(text[], text) to samepicture_nursing, samepicture_engineer;
grant select on access.narrative_opening, access.organisation_grant to samepicture_engineer;
