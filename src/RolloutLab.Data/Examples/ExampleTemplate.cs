namespace RolloutLab.Data;

/// <summary>How a solved example is written before a question.</summary>
/// <param name="template">The text, with <c>{prompt}</c> and <c>{solution}</c>.</param>
/// <param name="solutionAfter">Only what follows the last occurrence of this in a solution is shown; null for all of it.</param>
public sealed class ExampleTemplate(string template, string? solutionAfter)
{
    private const string Question = "{prompt}";
    private const string Solution = "{solution}";

    /// <summary>What is shown of a solution; empty where nothing follows the mark.</summary>
    public string Shown(string solution)
    {
        ArgumentNullException.ThrowIfNull(solution);
        var mark = solutionAfter is null ? -1 : solution.LastIndexOf(solutionAfter, StringComparison.Ordinal);
        return mark < 0 ? solution : solution[(mark + solutionAfter!.Length)..];
    }

    /// <summary>An example's text; neither value is searched for placeholders.</summary>
    public string Apply(string question, string solution) => string.Join(
        question, template.Split(Question).Select(part => part.Replace(Solution, solution, StringComparison.Ordinal)));
}
