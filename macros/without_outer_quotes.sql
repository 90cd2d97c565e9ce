{# Text without the double quotes around it, where there is one at either end #}
{% macro without_outer_quotes(text) -%}
    case
        when {{ text }} like '"%"' then substring({{ text }}, 2, length({{ text }}) - 2)
        else {{ text }}
    end
{%- endmacro %}
