{#
    Rows for which the expression is false. Null passes, as in a CHECK constraint, so
    an expression says nothing about missing values unless it names them.
#}
{% test holds(model, expression, column_name=none) %}
    select *
    from {{ model }}
    where not ({{ expression }})
{% endtest %}
