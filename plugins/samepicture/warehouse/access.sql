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
-- Parallel restricted, so that it is asked once and the rows are still counted by several processes.
create or replace function access.granted_organisations() returns text[]
language plpgsql stable parallel restricted security definer set search_path = pg_catalog, pg_temp as $$
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
declare
    granted text[] := access.granted_organisations();  -- once, not for each row
begin
    if to_regclass('conformed.bridge_feedback_organisation') is not null then
        return query select feedback_id::text from conformed.bridge_feedback_organisation where organisation_ods_code = any (granted);
    end if;
end $$;

-- Of some feedback that which a person may open. One of the data team may open any; one of nursing that of the
-- organisations that they were granted.
create or replace function access.openable(feedback_ids text[]) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    granted text[] := access.granted_organisations();
begin
    if pg_has_role(session_user, 'samepicture_engineer', 'member') then
        return query select unnest(feedback_ids);
    else
        -- Looked up by the index of the hash (dbt/macros/prepare_for_reading.sql).
        return query
        select distinct asked.feedback_id::text
        from unnest(feedback_ids::varchar[]) as asked (feedback_id)
        inner join conformed.bridge_feedback_organisation as bridge
            on
                hash_record_extended(row(bridge.feedback_id), 0) = hash_record_extended(row(asked.feedback_id), 0)
                and bridge.feedback_id = asked.feedback_id
        where bridge.organisation_ods_code = any (granted);
    end if;
end $$;

create or replace function access.open_narratives(feedback_ids text[], purpose text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    -- One line each: the diary is read at a terminal.
    said text := trim(regexp_replace(left(purpose, 500), '[[:cntrl:][:space:]]+', ' ', 'g'));
    opened bigint;
begin
    if said is null or said !~ '[[:alpha:]]{{3}}' then
        raise exception 'say what you need the words for: select access.open_narratives(array[''...''], ''review of discharge complaints'')';
    end if;
    if cardinality(feedback_ids) > 10000 then
        raise exception 'that is more than anybody reads in an hour: open 10000 narratives at most';
    end if;
    if exists (select 1 from unnest(feedback_ids) as asked (feedback) where length(feedback) > 1000 or feedback ~ '[[:cntrl:]]') then
        raise exception 'that is no feedback_id: take it from conformed.fct_feedback';
    end if;
    with wanted as (
        select distinct feedback from unnest(feedback_ids) as asked (feedback) where feedback is not null
    ),
    written as (
        insert into access.narrative_opening (login, feedback_id, purpose, opened_at, transaction_id, is_allowed)
        select session_user, wanted.feedback, said, clock_timestamp(), pg_current_xact_id(), allowed.feedback is not null
        from wanted
        left join (select distinct feedback from access.openable(feedback_ids) as openable (feedback)) as allowed
            on wanted.feedback = allowed.feedback
        returning is_allowed
    )
    select count(*) filter (where is_allowed) into opened from written;
    return opened;
end $$;
comment on function access.open_narratives is 'Opens narratives for an hour and writes down who opened which, when and what for. Commit, then read published.narrative. Returns how many were opened.';

-- What the reader may see now. An opening counts from the transaction after its own on: it is written down for good
-- by then, and no rollback takes it back while the words stay on the screen.
create or replace function access.opened_feedback() returns setof text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    return query
    select openable from access.openable((
        select array_agg(distinct feedback_id::text)
        from access.narrative_opening
        where
            login = session_user
            and is_allowed
            and opened_at > statement_timestamp() - interval '1 hour'
            and transaction_id is distinct from pg_current_xact_id_if_assigned()
    )) as openable;
end $$;

revoke all on database {database} from public;
revoke all on schema public from public;
revoke all on all functions in schema access from public;

grant usage on schema raw, ops, access, published to samepicture_engineer;
grant usage on schema conformed, marts, published, access to samepicture_nursing;
grant usage on schema conformed, marts, published to samepicture_analyst;
grant usage on schema published to samepicture_comms;
-- Page and digests are read with the rights of their readers, and no more: the pipeline takes on the role for it.
grant samepicture_comms, samepicture_nursing, samepicture_engineer to current_user with inherit false, set true;

grant execute on function access.granted_organisations(), access.granted_feedback() to samepicture_nursing;
grant execute on function access.opened_feedback(), access.open_narratives(text[], text) to samepicture_nursing, samepicture_engineer;
grant select on access.narrative_opening, access.organisation_grant to samepicture_engineer;
