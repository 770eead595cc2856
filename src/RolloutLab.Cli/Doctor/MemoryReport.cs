using System.Text.Json.Nodes;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>The memory that a recipe's training takes, as text for people and as JSON.</summary>
/// <param name="recipe">The recipe, as the user named it.</param>
/// <param name="forecast">The forecast.</param>
/// <param name="limitBytes">Bytes that the process may use.</param>
internal sealed class MemoryReport(string recipe, MemoryForecast forecast, long limitBytes)
{
    /// <summary>Whether it fits.</summary>
    public bool Fits => forecast.Problem(limitBytes) is null;

    /// <summary>A line a part, the total, and the verdict.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"memory of train {recipe}";
        var width = forecast.Parts.Max(p => p.Name.Length);
        foreach (var part in forecast.Parts)
        {
            var when = part.Phase switch { MemoryPhase.Update => "  while updating", MemoryPhase.Rollout => "  while making rollouts", _ => "" };
            yield return $"  {part.Name.PadRight(width)}  {Figures.Bytes(part.Bytes),10}{when}";
        }

        yield return $"  {"at most at once".PadRight(width)}  {Figures.Bytes(forecast.TotalBytes),10}  of {Figures.Bytes(limitBytes)}";
        yield return "";
        yield return forecast.Problem(limitBytes) ?? "it fits";
    }

    /// <summary><c>total_bytes, limit_bytes, fits, problem</c>, and <c>parts</c> with <c>name, bytes, phase, keys</c> each.</summary>
    public JsonObject ToJson() => new()
    {
        ["recipe"] = recipe,
        ["total_bytes"] = forecast.TotalBytes,
        ["limit_bytes"] = limitBytes,
        ["fits"] = Fits,
        ["problem"] = forecast.Problem(limitBytes),
        ["parts"] = new JsonArray(
        [
            .. forecast.Parts.Select(part => new JsonObject
            {
                ["name"] = part.Name,
                ["bytes"] = part.Bytes,
                ["phase"] = part.Phase switch { MemoryPhase.Update => "update", MemoryPhase.Rollout => "rollout", _ => "always" },
                ["keys"] = new JsonArray([.. part.Keys.Select(key => JsonValue.Create(key))]),
            }),
        ]),
    };
}
