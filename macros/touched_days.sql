{#
    What grows with events is replaced by UTC days. Touched days are those of the file
    versions that came or went since a model was built last. It has seen every load up
    to the newest one that it has rows of: loads come one after another, and a build
    takes all that are there. DECISIONS.md says why that is enough.

    Models say `is_incremental() or not execute`, because dbt looks for their references
    while it parses, when nothing is incremental and nothing executes.
#}
{% macro touched_days(load_column='load_id') -%}
    {%- set newest_load -%}
        (select coalesce(max({{ load_column }}), 0) from {{ this }})
    {%- endset -%}
    {{ days_touched_after(
        newest_load, ref('event_files'), source('load', 'load_files')
    ) }}
{%- endmacro %}

{#
    A full build takes no event of a later load: were its file gone by the next build,
    nothing would tell which days had been of it.
#}
{% macro newest_known_load() -%}
    (
        select coalesce(max(known_files.load_id), 0)
        from (select * from {{ ref('event_files') }}) as known_files
    )
{%- endmacro %}

{# Days of the file versions that a load after this one brought or took away #}
{% macro days_touched_after(load_id, event_files, load_files) -%}
    select event_files.date
    from (select * from {{ event_files }}) as event_files
    inner join (select * from {{ load_files }}) as load_files
        on
            event_files.source_uri = load_files.uri
            and event_files.load_id = load_files.load_id
    where
        load_files.target = 'staging_events'
        and (
            event_files.load_id > {{ load_id }}
            or load_files.superseded_by > {{ load_id }}
        )
{%- endmacro %}

{#
    An incremental strategy: the rows of touched days go, and so does what the new rows
    replace by unique_key; then the new rows come. delete+insert alone would keep the
    rows of a day that lost them. `meta.day` says which day a row of the target is of,
    `meta.load_column` which load brought it.
#}
{% macro get_incremental_replace_days_sql(arg_dict) %}
    {%- set meta = config.get('meta', {}) -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ meta.day }} in ({{ touched_days(meta.load_column) }});

    {{ get_incremental_delete_insert_sql(arg_dict) }}
{% endmacro %}

{#
    The same for sessions, which can have events of several days: those go that may have
    had one on a touched day. DECISIONS.md says why they come back.
#}
{% macro get_incremental_replace_sessions_sql(arg_dict) %}
    delete from {{ arg_dict['target_relation'] }}
    where session_id in ({{ sessions_of_touched_days() }});

    {{ get_incremental_delete_insert_sql(arg_dict) }}
{% endmacro %}

{# Sessions of `this` that a touched day lies in, from first event to last #}
{% macro sessions_of_touched_days() -%}
    select built.session_id
    from {{ this }} as built
    inner join ({{ touched_days() }}) as touched
        on
            touched.date
            between cast(built.first_event_at as date)
            and cast(built.last_event_at as date)
{%- endmacro %}
