{#
    Whether `invoke load` has filled the raw tables that the models read. Its ledger knows
    the rows of no others: those where `raw_schema` names another schema, and those of a
    COPY by hand, which is told by `copied_by_hand`. Then no model is built by increments
    (dbt_project.yml sees to it), and tests that compare with the ledger are left out.
    Afterwards `dbt build --full-refresh` goes back.
#}
{% macro loader_fills_raw_schema() -%}
    {{ return(
        var('raw_schema', 'staging') == 'staging' and not var('copied_by_hand', false)
    ) }}
{%- endmacro %}
