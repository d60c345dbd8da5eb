-- Airflow's metadata and the warehouse: a database and a user each, neither of which sees the other's. Safe to repeat.
\set ON_ERROR_STOP on
\set airflow_password `cat /run/secrets/airflow_password`
\set warehouse_password `cat /run/secrets/warehouse_password`
-- Passwords stay out of the server's log, whatever happens.
set log_statement = 'none';
set log_min_error_statement = 'panic';
set log_min_duration_statement = -1;

select format('create role %I login', name)
from unnest(array['airflow', 'samepicture']) as wanted (name)
where not exists (select from pg_roles where rolname = name) \gexec

alter role airflow password :'airflow_password';
-- It makes the roles of those who ask the warehouse; since PostgreSQL 16 it has power over these alone.
alter role samepicture createrole password :'warehouse_password';

-- Texts are ordered by their code points, so that no country's rules decide which of two is the first.
select format('create database %I owner %I template template0 encoding %L locale %L', name, owner, 'UTF8', 'C.UTF-8')
from (values ('airflow', 'airflow'), ('warehouse', 'samepicture')) as wanted (name, owner)
where not exists (select from pg_database where datname = name) \gexec

revoke all on database airflow, warehouse, postgres from public;
