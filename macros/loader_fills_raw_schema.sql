{#
    Whether the models read the tables that `invoke load` fills. Its ledger counts the
    rows of no others, so where `raw_schema` names another schema, the tests that compare
    the two are left out.
#}
{% macro loader_fills_raw_schema() -%}
    {{ return(var('raw_schema', 'staging') == 'staging') }}
{%- endmacro %}
