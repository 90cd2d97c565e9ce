select
    weekday,
    weekday_name,
    hour,
    plays,
    calendar_hours,
    plays_per_hour
from hourly_activity
order by weekday, hour
