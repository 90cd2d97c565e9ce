{{ config(enabled=loader_fills_raw_schema()) }}

with loads as (
    {% for model, column in [
        ('stg_events', 'load_id'),
        ('stg_user_days', 'load_id'),
        ('time', 'load_id'),
        ('songplays', 'event_load_id'),
    ] %}
        select
            '{{ model }}' as model,
            min({{ column }}) as oldest_load,
            max({{ column }}) as newest_load
        from {{ ref(model) }}
        union all
    {% endfor %}
    select
        'event_files' as model,
        min(case when load_id > 0 then load_id end) as oldest_load,
        max(load_id) as newest_load
    from {{ ref('event_files') }}
),

ledger as (
    select max(load_id) as load_id
    from {{ source('load', 'load_runs') }}
)

select
    loads.model,
    loads.oldest_load,
    loads.newest_load
from loads
cross join ledger
where
    loads.newest_load > ledger.load_id
    or loads.oldest_load < 1
