{% macro epoch_ms_to_timestamp(ms) %}
    {{- return(adapter.dispatch('epoch_ms_to_timestamp')(ms)) -}}
{% endmacro %}

{% macro duckdb__epoch_ms_to_timestamp(ms) -%}
    epoch_ms({{ ms }})
{%- endmacro %}

{# Seconds and milliseconds are added apart: ms / 1000 alone would drop the .796 #}
{% macro redshift__epoch_ms_to_timestamp(ms) -%}
    dateadd(
        millisecond,
        cast({{ ms }} % 1000 as integer),
        dateadd(second, cast({{ ms }} / 1000 as integer), timestamp '1970-01-01')
    )
{%- endmacro %}
