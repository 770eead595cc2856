using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data.ChatTemplates;

/// <summary>Expected texts follow from Jinja's and Python's documented rules, worked out by hand.</summary>
public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] Hello = [new("system", "Be brief."), new("user", "Hi!")];

    [Theory]
    [InlineData("{% for m in messages %}[{{ m.role }}]{{ m['content'] }}\n{% endfor %}", "[system]Be brief.\n[user]Hi!\n")]
    [InlineData("{%- for m in messages -%}  \n {{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }} {% endfor -%}  .", "10TrueFalse 21FalseTrue .")]
    [InlineData("  {% if true %}\n  a\n  {% endif %}\nb\n", "  a\nb")]
    [InlineData("  {%+ if true %}\n  a\n  {%+ endif +%}\nb", "    a\n  \nb")]
    [InlineData("x {# comment #}\ny {{ 1 }}\nz", "x y 1\nz")]
    [InlineData("{% raw %}{{ no }}{% endraw %}", "{{ no }}")]
    [InlineData("{{ messages | length }}{{ 'aé😀' | length }} {{ 'aé😀'[::-1] }} {{ 'abcdef'[-2:] }} {{ [1, 2, 3, 4][::-2] }}", "23 😀éa ef [4, 2]")]
    [InlineData("{{ none }} {{ true }} {{ [1, 'a', None, 2.0, (1,)] }} {{ {'k': \"it's\"} }}", "None True [1, 'a', None, 2.0, (1,)] {'k': \"it's\"}")]
    [InlineData("{{ 1e16 }} {{ 1e-5 }} {{ 0.1 }} {{ 1.5e300 }} {{ 123456789012345.0 }} {{ 7 / 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }}", "1e+16 1e-05 0.1 1.5e+300 123456789012345.0 3.5 -4 2 1024")]
    [InlineData("{{ 'a' ~ 1 ~ none }} {{ 1 < 2 <= 2 }} {{ 1 == 1.0 == true }} {{ 'b' in 'abc' and 3 not in [1, 2] }}", "a1None True True True")]
    [InlineData("{{ missing }}|{{ missing | default('d') }}|{{ '' | default('e', true) }}|{{ missing is defined }}|{{ 'x' if false }}", "|d|e|False|")]
    [InlineData("{% set x = 1 %}{% for i in [1, 2] %}{% set x = i %}{% endfor %}{{ x }}{% set ns = namespace(x=1) %}{% for i in [5, 6] %}{% set ns.x = i %}{% endfor %}{{ ns.x }}", "16")]
    [InlineData("{% macro f(a, b='B') %}<{{ a }}{{ b }}>{% endmacro %}{{ f(1) }}{{ f('x', b=2) }}", "<1B><x2>")]
    [InlineData("{% set t %}  body {% endset %}[{{ t | trim }}]{% set a, b = (1, 2) %}{{ a + b }}{% filter upper %}up{% endfilter %}", "[body]3UP")]
    [InlineData("{{ {'a': [1, 'é\n'], 'b': none} | tojson }} {{ 'é' | tojson(ensure_ascii=true) }}", "{\"a\": [1, \"é\\n\"], \"b\": null} \"\\u00e9\"")]
    [InlineData("{{ {'a': [], 'b': [1]} | tojson(indent=2) }}", "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}")]
    [InlineData("{{ messages | map(attribute='role') | join(', ') }} {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | first }} {{ messages | rejectattr('role', 'eq', 'user') | list | length }}", "system, user Hi! 1")]
    [InlineData("{{ '  a b  '.strip() }}|{{ 'a</think>b'.split('</think>')[-1].lstrip('\\n') }}|{{ 'abc'.startswith(('x', 'a')) }}|{{ ' a  b '.split() }}|{{ 'a,b,c'.rsplit(',', 1) }}", "a b|b|True|['a', 'b']|['a,b', 'c']")]
    [InlineData("{% for k, v in {'x': 1, 'y': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in {'z': 3} | items %}{{ k }}{{ v }}{% endfor %}{{ {'items': 7}['items'] }}", "x=1;y=2;z37")]
    [InlineData("{% for i in range(5) if i % 2 == 0 %}{{ i }}{{ '-' if not loop.last }}{% else %}none{% endfor %}{% for i in [] %}{% else %}empty{% endfor %}", "0-2-4empty")]
    [InlineData("{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}", "13")]
    [InlineData("{% for i in [1, 2] %}{{ loop.previtem is defined }}{{ loop.nextitem }}{% generation %}g{% endgeneration %}{% endfor %}", "False2gTrueg")]
    [InlineData("{{ '7' | int + 1 }} {{ 'x' | int }} {{ '3.9' | int }} {{ 3 | float }} {{ [3, 1] | sort }} {{ 'aXa' | replace('a', 'b') }} {{ 'a b' | title }}", "8 0 3 3.0 [1, 3] bXb A B")]
    [InlineData("{{ 'a\\tb\\u00e9\\x41\\q' }}{{ \"q'\" }} {{ 'x' 'y' }}", "a\tbéA\\qq' xy")]
    [InlineData("{{ not true or 1 == 1 and 'z' }} {{ none is none }} {{ 1 is not string }} {{ {} is mapping }} {{ 4 is divisibleby 2 }}", "z True True True True")]
    public void Renders_as_jinja_in_transformers(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template, "t").Render(Hello));

    [Theory]
    [InlineData("a\n{% include 'x' %}", "line 2: the statement 'include' is not supported")]
    [InlineData("a\n\n{{ x | shout }}", "line 3: the filter 'shout' is not supported")]
    [InlineData("{{ x is prime }}", "line 1: the test 'prime' is not supported")]
    [InlineData("{% if x %}\nb", "'{% endif %}' is missing")]
    [InlineData("\n{{ 1 +", "line 2: '{{' is never closed")]
    [InlineData("{{ 1 1 }}", "'}}' should stand where '1' is")]
    [InlineData("{% endfor %}", "'endfor' closes or continues nothing")]
    [InlineData("\n\n{{ raise_exception('no ' ~ 'tools') }}", "line 3: the template refuses the chat: no tools")]
    [InlineData("{{ missing.role }}", "'missing' is not defined, so it has no 'role'")]
    [InlineData("{{ 'a' + 1 }}", "'+' cannot take a string and an integer")]
    [InlineData("{{ [].append(1) }}", "'append' would change a list")]
    [InlineData("{% for i in range(1000000) %}{% endfor %}", "range has 1000000 values")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "beyond 64 bits")]
    [InlineData("{{ 1 // 0 }}", "'//' by zero")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "macros call each other too deeply")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "characters of text")]
    [InlineData("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{{ 'x' * 99999999999 }}", "characters of text")]
    [InlineData("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "nested too deeply")]
    public void What_is_wrong_is_one_line_with_its_place(string template, string expected)
    {
        var error = Assert.Throws<DataException>(() => ChatTemplate.Parse(template, "folder/tokenizer_config.json").Render(Hello));
        Assert.StartsWith("folder/tokenizer_config.json: chat template line ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused_not_crashed()
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("{'a':", "}") })
        {
            var deep = "{{ " + string.Concat(Enumerable.Repeat(open, 50_000)) + "1" + string.Concat(Enumerable.Repeat(close, 50_000)) + " }}";
            Assert.Throws<DataException>(() => ChatTemplate.Parse(deep, "t"));
        }

        Assert.Throws<DataException>(() => ChatTemplate.Parse("{{ 1" + string.Concat(Enumerable.Repeat("+1", 50_000)) + " }}", "t"));
        Assert.Throws<DataException>(() => ChatTemplate.Parse("{{ x" + string.Concat(Enumerable.Repeat(".y", 50_000)) + " }}", "t"));
        Assert.Throws<DataException>(() => ChatTemplate.Parse(string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)), "t"));
    }

    [Fact]
    public void The_deepest_template_that_is_taken_runs_on_a_small_stack()
    {
        var template = "{% macro f() %}{{ " + new string('(', 90) + "1" + string.Concat(Enumerable.Repeat("+1", 390)) + new string(')', 90) + " ~ f() }}{% endmacro %}{{ f() }}";
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(() => ChatTemplate.Parse(template, "t").Render(Hello)), maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.IsType<DataException>(thrown);
    }

    [Fact]
    public void Variables_of_the_call_win_over_those_of_the_tokenizer()
    {
        var tokens = new Dictionary<string, JsonElement> { ["bos_token"] = JsonSerializer.SerializeToElement("<s>") };
        var template = ChatTemplate.Parse("{{ bos_token }}{{ enable_thinking }}{{ tools is none }}{{ add_generation_prompt }}", "t", tokens);
        var variables = new Dictionary<string, JsonElement> { ["enable_thinking"] = JsonSerializer.SerializeToElement(false) };
        Assert.Equal("<s>FalseTrueFalse", template.Render(Hello, addGenerationPrompt: false, variables: variables));
        variables["bos_token"] = JsonSerializer.SerializeToElement("<b>");
        Assert.Equal("<b>FalseTrueTrue", template.Render(Hello, variables: variables));
    }

    [Fact]
    public void Dates_come_from_the_clock_that_is_given()
    {
        var template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y|%-d %B %H:%M:%S %j %%') }}", "t", time: new FixedTime());
        Assert.Equal("03 Feb 2024|3 February 04:05:06 034 %", template.Render(Hello));
    }

    [Theory]
    [InlineData("[]", "has 0 messages and none of role 'user'")]
    [InlineData("[{\"role\":\"system\",\"content\":\"x\"}]", "has 1 messages and none of role 'user'")]
    [InlineData("{}", "must be an array of messages, not a JSON Object")]
    [InlineData("[{\"content\":\"x\"}]", "messages[0] must be an object with a string 'role'")]
    [InlineData("[3]", "messages[0] must be an object with a string 'role'")]
    public void A_chat_needs_messages_and_a_user_turn(string chat, string expected)
    {
        using var document = JsonDocument.Parse(chat);
        var error = Assert.Throws<DataException>(() => ChatTemplate.Parse("x", "tokenizer_config.json").Render(document.RootElement));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private sealed class FixedTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 2, 3, 4, 5, 6, TimeSpan.Zero);
    }
}
