{{ config(severity='warn') }}

select
    measure,
    value
from {{ ref('data_quality') }}
where
    measure = 'rejects_open'
    and value > 0
