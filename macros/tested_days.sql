{#
    Days that tests look at: those that the last build with something new found touched.
    What scans a fact looks at no others, or every build would pay for all of history.
    After `--full-refresh`, with `--vars 'full_tests: true'`, and where no ledger knows
    the rows, tests look at all days.

    Relations are looked up in the graph: ref() would make each test one of event_files
    too, and in a `where` dbt does not notice it.
#}
{% macro tested_days() -%}
    {%- if execute -%}
        {%- set event_files = relation_of(graph.nodes['model.sparkify.event_files']) -%}
        {%- set load_files = relation_of(graph.sources['source.sparkify.load.load_files']) -%}
        {%- set newest_load_before -%}
            (
                select coalesce(max(load_id), 0)
                from {{ event_files }}
                where build < (select max(build) from {{ event_files }})
            )
        {%- endset -%}
        {{ days_touched_after(newest_load_before, event_files, load_files) }}
    {%- endif -%}
{%- endmacro %}

{% macro relation_of(node) %}
    {{- return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.identifier or node.alias
    )) -}}
{% endmacro %}

{% macro tests_are_full() %}
    {{- return(
        var('full_tests', false) or flags.FULL_REFRESH or not loader_fills_raw_schema()
    ) -}}
{% endmacro %}

{# dbt's own: `where` of a generic test. Here it may say `… in __tested_days__`. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where') or '' -%}
    {%- if '__tested_days__' in where -%}
        {%- set where = '' if tests_are_full() else
            where | replace('__tested_days__', '(' ~ tested_days() ~ ')') -%}
    {%- endif -%}
    {%- if where -%}
        {%- do return('(select * from ' ~ relation ~ ' where ' ~ where ~ ') as tested') -%}
    {%- endif -%}
    {%- do return(relation) -%}
{%- endmacro %}
