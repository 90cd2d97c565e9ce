{#
    The log's writer read UTF-8 as Latin-1 and encoded it again, twice: `é` arrives as
    four characters, `Ã` U+0083 `Â` `©`. For the Latin-1 letters (all that occur, and all
    that two rounds can be told from intended text) the damage has two shapes:
    `Ã` U+0082 `Â` x stands for x, `Ã` U+0083 `Â` x stands for the character 64 after x.
    Text without `Ã` skips the 65 replacements.
#}
{% macro repair_double_utf8(text) -%}
    case
        when {{ text }} like '%Ã%' then {{ replace_damaged_letters(text) }}
        else {{ text }}
    end
{%- endmacro %}

{% macro replace_damaged_letters(text) -%}
    {%- set repaired = namespace(sql="replace(" ~ text ~ ", 'Ã\u0082Â', '')") -%}
    {%- for code in range(128, 192) -%}
        {%- set damaged = 'Ã\u0083Â%c' | format(code) -%}
        {%- set letter = '%c' | format(code + 64) -%}
        {%- set repaired.sql = "replace(" ~ repaired.sql ~ ", '" ~ damaged ~ "', '" ~ letter ~ "')" -%}
    {%- endfor -%}
    {{ repaired.sql }}
{%- endmacro %}
