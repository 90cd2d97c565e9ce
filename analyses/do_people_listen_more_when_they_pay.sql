with users_history as (
    select * from {{ ref('users_history') }}
),

dates as (
    select * from {{ ref('dates') }}
),

songplays as (
    select * from {{ ref('songplays') }}
),

-- A user has a stay for each time at one level
stays as (
    select
        user_id,
        valid_from,
        valid_to,
        level,
        count(*) over (partition by user_id) > 1 as is_of_changer
    from users_history
),

-- The stay that holds at the moment of the play: half-open, so each play has just one
plays_of_stays as (
    select
        stays.user_id,
        stays.valid_from,
        count(*) as plays,
        sum(songplays.duration) as seconds
    from songplays
    inner join stays
        on
            songplays.user_id = stays.user_id
            and songplays.start_time >= stays.valid_from
            and (songplays.start_time < stays.valid_to or stays.valid_to is null)
    group by stays.user_id, stays.valid_from
),

-- Days without plays count too; the last stay of a user lasts until the log ends
days_of_stays as (
    select
        stays.user_id,
        stays.valid_from,
        count(*) as days
    from stays
    inner join dates
        on
            dates.date >= cast(stays.valid_from as date)
            and (dates.date <= cast(stays.valid_to as date) or stays.valid_to is null)
    group by stays.user_id, stays.valid_from
),

levels as (
    select
        case when stays.is_of_changer then 'changed level' else 'stayed' end
            as listeners_who,
        stays.level,
        count(distinct stays.user_id) as users,
        sum(days_of_stays.days) as days,
        sum(coalesce(plays_of_stays.plays, 0)) as plays,
        sum(coalesce(plays_of_stays.seconds, 0)) as seconds
    from stays
    inner join days_of_stays
        on
            stays.user_id = days_of_stays.user_id
            and stays.valid_from = days_of_stays.valid_from
    left join plays_of_stays
        on
            stays.user_id = plays_of_stays.user_id
            and stays.valid_from = plays_of_stays.valid_from
    group by stays.is_of_changer, stays.level
),

listening as (
    select
        listeners_who,
        level,
        users,
        cast(days as bigint) as days,
        cast(plays as bigint) as plays,
        cast(cast(plays as double precision) / days as decimal(12, 1)) as plays_per_day,
        cast(seconds / 60 / days as decimal(12, 1)) as minutes_per_day
    from levels
)

select * from listening
order by listeners_who, level
