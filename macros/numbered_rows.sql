{# A row for each whole number from first to last: Redshift joins no generate_series #}
{% macro numbered_rows(name, first, last) -%}
    {%- for number in range(first, last + 1) -%}
    select {{ number }} as {{ name }}{{ ' union all ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
