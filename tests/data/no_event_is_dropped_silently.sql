-- Every delivered event is in stg_events once; only repeated deliveries of its key are
-- left out.
with deliveries as (
    select
        count(*) as deliveries,
        case
            when sessionid is null or iteminsession is null or ts is null then 0
            else count(*) - 1
        end as repetitions
    from {{ source('staging', 'staging_events') }}
    group by sessionid, iteminsession, ts
),

delivered_events as (
    select
        coalesce(sum(deliveries), 0) as delivered,
        coalesce(sum(repetitions), 0) as repeated
    from deliveries
),

kept_events as (
    select count(*) as kept
    from {{ ref('stg_events') }}
)

select
    delivered_events.delivered,
    delivered_events.repeated,
    kept_events.kept
from delivered_events
cross join kept_events
where delivered_events.delivered <> kept_events.kept + delivered_events.repeated
