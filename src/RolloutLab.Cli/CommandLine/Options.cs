using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RolloutLab.Cli;

/// <summary>The options that several commands share, one instance for each command.</summary>
internal static class Options
{
    /// <summary><c>--set a.b=c</c>, repeatable.</summary>
    public static Option<string[]> Set()
    {
        var option = new Option<string[]>("--set")
        {
            HelpName = "a.b=c",
            Description = "Set a recipe value, such as rollout.temperature=0.8 (repeatable).",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) is { } wrong)
            {
                result.AddError($"--set {wrong.Value}: give a recipe path and a value, such as --set rollout.temperature=0.8");
            }
        });
        return option;
    }

    /// <summary><c>--json</c>.</summary>
    public static Option<bool> Json(string description) => new("--json") { Description = description };

    /// <summary>An option for a whole number in a range; null when not given.</summary>
    public static Option<long?> WholeNumber(string name, long min, long max, string description) => new(name)
    {
        HelpName = "n",
        Description = description,
        CustomParser = result => Parse(result, name, min, max),
    };

    /// <summary>An option for a number in a range; null when not given.</summary>
    public static Option<double?> Number(string name, double min, double max, string description) => new(name)
    {
        HelpName = "x",
        Description = description,
        CustomParser = result => ParseNumber(result, name, min, max),
    };

    /// <summary>An option for a fraction in [0, 1]; null when not given.</summary>
    public static Option<double?> Share(string name, string description) => new(name)
    {
        HelpName = "share",
        Description = description,
        CustomParser = result => ParseNumber(result, name, 0, 1),
    };

    private static long? Parse(ArgumentResult result, string name, long min, long max)
    {
        var text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        var range = max is int.MaxValue or long.MaxValue ? $"of at least {min}" : $"from {min} to {max}";
        result.AddError($"{name} {text}: must be a whole number {range}");
        return null;
    }

    private static double? ParseNumber(ArgumentResult result, string name, double min, double max)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} {text}: must be a number from {min} to {max}"));
        return null;
    }
}
