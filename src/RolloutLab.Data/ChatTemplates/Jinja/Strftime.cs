using System.Globalization;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>Dates as C's <c>strftime</c> writes them in the C locale.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                text.Append(format[at]);
                continue;
            }

            at++;
            var unpadded = format[at] == '-' && at + 1 < format.Length;
            at += unpadded ? 1 : 0;
            var part = Part(time, format[at]);
            text.Append(unpadded && part.TrimStart('0') is var bare ? (bare.Length == 0 ? "0" : bare) : part);
        }

        return text.ToString();
    }

    private static string Part(DateTimeOffset time, char directive)
    {
        var net = directive switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'B' => "MMMM",
            'b' or 'h' => "MMM",
            'A' => "dddd",
            'a' => "ddd",
            'p' => "tt",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            'j' or '%' => null,
            _ => throw new JinjaException($"strftime_now: '%{directive}' is not supported"),
        };
        return net is null
            ? directive == '%' ? "%" : time.DayOfYear.ToString("000", CultureInfo.InvariantCulture)
            : time.ToString(net.Length == 1 ? "%" + net : net, CultureInfo.InvariantCulture);
    }
}
