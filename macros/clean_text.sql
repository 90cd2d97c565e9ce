{# Blanks at both ends go, no-break spaces too; what is then empty is null #}
{% macro clean_text(text) -%}
    nullif(trim(both ' {{ '\t\n\r\u00a0' }}' from {{ text }}), '')
{%- endmacro %}
