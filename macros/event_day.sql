{# Whether a ts in milliseconds is a moment that this service can have had: 2010 to 2099 #}
{% macro is_moment(ts) -%}
    {{ ts }} between 1262304000000 and 4102444799999
{%- endmacro %}

{#
    UTC day of a ts. 1970-01-01 stands for all that are no moment, so that every event has
    a day, and all deliveries of one event have the same.
#}
{% macro event_day(ts) -%}
    cast('1970-01-01' as date)
    + case
        when {{ is_moment(ts) }}
            then cast(floor({{ ts }} / 86400000.0) as integer)
        else 0
    end
{%- endmacro %}
