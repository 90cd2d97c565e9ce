{% macro epoch_ms_to_timestamp(ms) %}
    {{- return(adapter.dispatch('epoch_ms_to_timestamp')(ms)) -}}
{% endmacro %}

{% macro duckdb__epoch_ms_to_timestamp(ms) -%}
    epoch_ms({{ ms }})
{%- endmacro %}

{# dateadd takes INTEGER, which seconds leave in 2038: days and what is left of one #}
{% macro redshift__epoch_ms_to_timestamp(ms) -%}
    dateadd(
        millisecond,
        cast({{ ms }} % 86400000 as integer),
        dateadd(day, cast({{ ms }} / 86400000 as integer), timestamp '1970-01-01')
    )
{%- endmacro %}
