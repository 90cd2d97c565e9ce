{#
    The sum of the column, when it is not the expression over the other relation: rows
    were lost, or counted twice. Sums of fractions may differ in the ninth digit, by the
    order in which they are added.
#}
{% test adds_up_to(model, column_name, to, expression) %}
    with here as (
        select cast(coalesce(sum({{ column_name }}), 0) as double precision) as total
        from {{ model }}
    ),

    there as (
        select cast(coalesce({{ expression }}, 0) as double precision) as total
        from {{ to }}
    )

    select
        here.total as total_here,
        there.total as total_there
    from here
    cross join there
    where abs(here.total - there.total) > 1e-9 * abs(there.total)
{% endtest %}
