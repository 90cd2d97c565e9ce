select
    min(date) as first_date,
    max(date) as last_date,
    count(*) as dates
from {{ ref('dates') }}
having count(*) <> max(date) - min(date) + 1
