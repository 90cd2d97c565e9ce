select
    device_class,
    os,
    browser,
    plays,
    listeners,
    hours
from device_activity
order by plays desc, device_class asc, os asc, browser asc
