select
    measure,
    out_of,
    explanation,
    value,
    total,
    share,
    moment
from data_quality
order by sort_order
