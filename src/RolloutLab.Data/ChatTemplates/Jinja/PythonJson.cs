using System.Globalization;
using System.Numerics;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Values as Python's <c>json.dumps</c> writes them, which is what <c>tojson</c> is in transformers.</summary>
/// <param name="ensureAscii">Whether everything beyond ASCII is escaped.</param>
/// <param name="indent">What a level is indented by; null for one line.</param>
/// <param name="itemSeparator">Between items.</param>
/// <param name="keySeparator">Between key and value.</param>
/// <param name="sortKeys">Whether keys are ordered by code point.</param>
internal sealed class PythonJson(bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
{
    private const int MaxDepth = 100;

    private readonly StringBuilder _text = new();

    public string Write(object? value)
    {
        Write(value, depth: 0);
        return _text.ToString();
    }

    private void Write(object? value, int depth)
    {
        if (depth > MaxDepth || _text.Length > Meter.MaxText)
        {
            throw new JinjaException("tojson: the value is nested too deeply or too large");
        }

        switch (value)
        {
            case null:
                _text.Append("null");
                break;
            case bool flag:
                _text.Append(flag ? "true" : "false");
                break;
            case long or BigInteger:
                _text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case double number:
                _text.Append(double.IsFinite(number) ? PythonText.Float(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case string text:
                Quote(text);
                break;
            case JinjaList list:
                WriteItems('[', ']', list.Count, depth, i => Write(list[i], depth + 1));
                break;
            case JinjaDict dictionary:
                var entries = sortKeys ? dictionary.OrderBy(e => e.Key, CodePointOrder.Comparer).ToList() : [.. dictionary];
                WriteItems('{', '}', entries.Count, depth, i =>
                {
                    Quote(entries[i].Key);
                    _text.Append(keySeparator);
                    Write(entries[i].Value, depth + 1);
                });
                break;
            default:
                throw new JinjaException($"tojson: {PythonText.TypeName(value)} has no JSON form");
        }
    }

    private void WriteItems(char open, char close, int count, int depth, Action<int> write)
    {
        _text.Append(open);
        for (var i = 0; i < count; i++)
        {
            _text.Append(i > 0 ? itemSeparator : "");
            NewLine(depth + 1);
            write(i);
        }

        if (count > 0)
        {
            NewLine(depth);
        }

        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (indent is not null)
        {
            _text.Append('\n');
            for (var level = 0; level < depth; level++)
            {
                _text.Append(indent);
            }
        }
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (var c in value)
        {
            var simple = "\"\\\n\r\t\b\f".IndexOf(c, StringComparison.Ordinal);
            if (simple >= 0)
            {
                _text.Append('\\').Append("\"\\nrtbf"[simple]);
            }
            else if (c < ' ' || (ensureAscii && c > '~'))
            {
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                _text.Append(c);
            }
        }

        _text.Append('"');
    }
}
