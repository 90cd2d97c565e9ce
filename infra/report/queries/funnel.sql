select
    funnel,
    step_number,
    step,
    stays,
    users,
    conversion,
    median_seconds
from upgrade_funnel
order by funnel desc, step_number asc
