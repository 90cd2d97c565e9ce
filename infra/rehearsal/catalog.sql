-- What Redshift has in its catalog and PostgreSQL has not. Views stand where Redshift
-- has them, in pg_catalog; functions that differ from PostgreSQL's of the same name in
-- pg_redshift, which the search path puts first. Run once, by the superuser.
set allow_system_table_mods = on;
create schema pg_redshift;

-- Functions

create function pg_redshift.getdate() returns timestamp language sql stable as $$
    select date_trunc('second', statement_timestamp() at time zone 'UTC') $$;

create function pg_redshift.sysdate() returns timestamp language sql stable as $$
    select transaction_timestamp() at time zone 'UTC' $$;

create function pg_redshift.len(text) returns integer language sql immutable strict as $$
    select length($1) $$;

-- The number is an INTEGER: Redshift refuses a BIGINT
create function pg_redshift.dateadd(part text, number integer, moment timestamp)
returns timestamp language sql immutable strict as $$
    select moment + number * case part
        when 'quarter' then interval '3 months'
        else cast('1 ' || part as interval)
    end $$;

-- Boundaries crossed, not time elapsed
create function pg_redshift.datediff(part text, first timestamp, second timestamp)
returns bigint language sql immutable strict as $$
    select cast(case
        when part = 'year' then extract(year from second) - extract(year from first)
        when part = 'quarter' then
            4 * (extract(year from second) - extract(year from first))
            + extract(quarter from second) - extract(quarter from first)
        when part = 'month' then
            12 * (extract(year from second) - extract(year from first))
            + extract(month from second) - extract(month from first)
        when part = 'week' then -- they begin on Sunday
            (date_trunc('week', second + interval '1 day')::date
             - date_trunc('week', first + interval '1 day')::date) / 7
        else extract(epoch from date_trunc(part, second) - date_trunc(part, first))
            * case part
                when 'day' then 1 / 86400.0
                when 'hour' then 1 / 3600.0
                when 'minute' then 1 / 60.0
                when 'second' then 1
                when 'millisecond' then 1000
                when 'microsecond' then 1000000
            end
    end as bigint) $$;

create function pg_redshift.date_trunc(text, date) returns timestamp
language sql immutable strict as $$
    select pg_catalog.date_trunc($1, cast($2 as timestamp)) $$;

-- All matches, not the first
create function pg_redshift.regexp_replace(text, text, text) returns text
language plpgsql immutable strict as $$
begin
    if $3 ~ '[$]|\\\\' then
        raise exception 'the stand-in does not know references in REGEXP_REPLACE';
    end if;
    return pg_catalog.regexp_replace($1, $2, $3, 'g');
end $$;

create function pg_redshift.regexp_substr(text, text) returns text
language sql immutable strict as $$
    select coalesce(substring($1 from '(' || $2 || ')'), '') $$;

create function pg_redshift.version() returns text language sql immutable as $$
    select 'PostgreSQL 8.0.2 on the stand-in for rehearsals, Redshift 1.0.0'::text $$;

-- Sums and averages of integers are integers

create aggregate pg_redshift.sum(bigint) (sfunc = int8pl, stype = bigint);

create function pg_redshift.counted(bigint[], bigint) returns bigint[]
language sql immutable as $$
    select case when $2 is null then $1 else array[$1[1] + 1, $1[2] + $2] end $$;

create function pg_redshift.averaged(bigint[]) returns bigint
language sql immutable strict as $$
    select $1[2] / nullif($1[1], 0) $$;

create aggregate pg_redshift.avg(bigint) (
    sfunc = pg_redshift.counted, stype = bigint[],
    finalfunc = pg_redshift.averaged, initcond = '{0,0}');
create aggregate pg_redshift.avg(integer) (
    sfunc = int4_avg_accum, stype = bigint[],
    finalfunc = pg_redshift.averaged, initcond = '{0,0}');
create aggregate pg_redshift.avg(smallint) (
    sfunc = int2_avg_accum, stype = bigint[],
    finalfunc = pg_redshift.averaged, initcond = '{0,0}');

-- Tables: lengths in bytes, and what tables.py noted

create table pg_redshift.notes (table_id oid primary key, told jsonb not null);

create function pg_redshift.on_ddl() returns event_trigger
language plpgsql security definer as $$
declare
    made record;
    changes text;
    told jsonb;
    missing text;
begin
    for made in
        select distinct objid from pg_event_trigger_ddl_commands()
        where classid = 'pg_class'::regclass and object_type = 'table'
    loop
        -- One statement for all columns: it calls this trigger again, and finds no more
        with texts as (
            select
                attname,
                atttypid = 'text'::regtype or atttypmod < 0 as is_endless,
                atttypmod - 4 as width,
                format('bytes %s of %s', atttypmod - 4, attname)::name as limit_name
            from pg_attribute
            where attrelid = made.objid
                and attnum > 0
                and not attisdropped
                and atttypid in
                    ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
        ),
        limits as (
            select conname from pg_constraint
            where conrelid = made.objid and conname like 'bytes % of %'
        ),
        needed as (
            select case
                -- How long a computed text can be only Redshift could say
                when is_endless
                    then format('alter column %I type varchar(65535)', attname)
                else format('add constraint %I check (octet_length(%I) <= %s)',
                    limit_name, attname, width)
            end as change
            from texts
            where limit_name not in (select conname from limits)
            union all
            select format('drop constraint %I', conname) as change
            from limits
            where conname not in (select limit_name from texts)
        )
        select string_agg(change, ', ') into changes from needed;
        if changes is not null then
            execute format('alter table %s %s', made.objid::regclass, changes);
        end if;
        told := substring(current_query() from '^/[*]redshift:(.*?)[*]/')::jsonb;
        continue when told is null
            or exists (select from pg_redshift.notes where table_id = made.objid);
        select name into missing
        from jsonb_array_elements_text(
            coalesce(told -> 'sortkeys', '[]') || coalesce(told -> 'distkey', '[]')
        ) as name
        where not exists (
            select from pg_attribute where attrelid = made.objid and attname = name);
        if missing is not null then
            raise exception 'column "%" does not exist', missing
                using errcode = 'undefined_column';
        end if;
        insert into pg_redshift.notes values (made.objid, told);
    end loop;
end $$;

create event trigger on_ddl on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
    execute function pg_redshift.on_ddl();

-- Views without schema binding: their text is run anew by each query

create function pg_redshift.late_binding(query text) returns setof record
language plpgsql stable as $$
begin
    return query execute query;
end $$;

create procedure pg_redshift.create_late_binding_view(name text, query text)
language plpgsql as $$
declare
    columns text;
begin
    execute 'create temporary view columns_of_query as ' || query;
    select string_agg(
        format('%I %s', attname, format_type(atttypid, atttypmod)), ', '
        order by attnum)
    into columns
    from pg_attribute
    where attrelid = 'pg_temp.columns_of_query'::regclass and attnum > 0;
    drop view columns_of_query;
    execute format(
        'create view %s as select * from pg_redshift.late_binding(%L) as columns(%s)',
        name, query, columns);
end $$;

-- information_schema has the columns of these views here, as of all others
create function pg_redshift.pg_get_late_binding_view_cols() returns setof record
language sql stable as $$
    select ''::name, ''::name, ''::name, ''::varchar, 0 where false $$;

-- Views of the system

create view pg_catalog.svv_external_columns as
select
    ''::text as schemaname, ''::text as tablename, ''::text as columnname,
    ''::text as external_type, 0 as columnnum, 0 as part_key
where false;

create function pg_redshift.rows_of(table_id oid) returns bigint
language plpgsql stable security definer as $$
declare
    found bigint;
begin
    execute format('select count(*) from %s', table_id::regclass) into found;
    return found;
end $$;

-- What only slices and blocks could tell is what a test has put among the notes
create view pg_catalog.svv_table_info as
select
    current_database()::text as database,
    sch.nspname::text as schema,
    tbl.oid as table_id,
    tbl.relname::text as "table",
    case when told -> 'encodings' = '{}' then 'N' else 'Y' end as encoded,
    case upper(coalesce(
        told ->> 'diststyle', case when told ? 'distkey' then 'key' end, 'auto'))
        when 'KEY' then 'KEY(' || (told ->> 'distkey') || ')'
        when 'AUTO' then 'AUTO(ALL)'
        else upper(told ->> 'diststyle')
    end as diststyle,
    told -> 'sortkeys' ->> 0 as sortkey1,
    (
        select coalesce(max(atttypmod - 4), 0) from pg_attribute
        where attrelid = tbl.oid and atttypid = 'varchar'::regtype
    ) as max_varchar,
    told -> 'encodings' ->> (told -> 'sortkeys' ->> 0) as sortkey1_enc,
    coalesce(jsonb_array_length(told -> 'sortkeys'), 0) as sortkey_num,
    pg_relation_size(tbl.oid) / 1048576 as size,
    cast(0 as numeric(10, 4)) as pct_used,
    0::bigint as empty,
    cast(told ->> 'unsorted' as numeric(5, 2)) as unsorted,
    cast(coalesce(told ->> 'stats_off', '0') as numeric(5, 2)) as stats_off,
    cast(pg_redshift.rows_of(tbl.oid) as numeric(38, 0)) as tbl_rows,
    cast(null as numeric(19, 2)) as skew_sortkey1,
    cast(told ->> 'skew_rows' as numeric(19, 2)) as skew_rows
from pg_class as tbl
inner join pg_namespace as sch on tbl.relnamespace = sch.oid
left join pg_redshift.notes on notes.table_id = tbl.oid
where tbl.relkind = 'r' and sch.nspname !~ '^(pg_|information_schema)';

-- COPY writes these by a connection of its own, so a rollback leaves them

create sequence pg_redshift.queries start 1001;
create table pg_redshift.last_copies (session_id integer primary key, query_id bigint);

create function pg_redshift.pg_last_copy_id() returns bigint
language sql volatile security definer as $$
    select coalesce((
        select query_id from pg_redshift.last_copies
        where session_id = pg_backend_pid()), -1) $$;

-- A node of rg.large
create view pg_catalog.stv_slices as
select 0 as node, number as slice, number as localslice, cast('D' as char(1)) as type
from generate_series(0, 1) as number;

create table pg_catalog.sys_load_detail (
    user_id integer, query_id bigint, file_name char(256), bytes_scanned integer,
    lines_scanned integer, record_time timestamp, splits_scanned integer,
    start_time timestamp, end_time timestamp, file_etag char(256),
    file_last_modified timestamp);

create table pg_catalog.sys_load_error_detail (
    user_id integer, query_id bigint, transaction_id bigint, session_id integer,
    database_name char(64), table_id integer, start_time timestamp,
    file_name char(256), line_number bigint, column_name char(127),
    column_type char(10), column_length char(10), position integer,
    error_code integer, error_message char(512));

grant usage on schema pg_redshift to public;
grant select on all tables in schema pg_redshift to public;
grant select on pg_catalog.svv_external_columns, pg_catalog.svv_table_info,
    pg_catalog.stv_slices,
    pg_catalog.sys_load_detail, pg_catalog.sys_load_error_detail to public;
