using System.Xml.Linq;

namespace RolloutLab.UnitTests;

/// <summary>Who may reference whom: budget experiments and replay must run where LibTorch is absent.</summary>
public class ReferenceGraphTests
{
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["Core"] = "",
        ["Recipes"] = "Core",
        ["Data"] = "Core Recipes",
        ["Allocation"] = "Core Recipes",
        ["Engine"] = "Core Recipes",
        ["Rewards"] = "Core Recipes",
        ["Batching"] = "Core Recipes",
        ["Runs"] = "Core Recipes",
        ["Torch"] = "Core",
        ["Models"] = "Core Engine Torch",
        ["Training"] = "Batching Core Models Torch",
        ["Orchestration"] = "Allocation Batching Core Data Rewards Runs",
        ["Simulation"] = "Core Orchestration Runs",
    };

    [Fact]
    public void Projects_reference_exactly_what_the_design_allows()
    {
        var source = Path.Combine(RepositoryRoot(), "src");
        var actual = Directory.GetFiles(source, "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(p => Short(Path.GetFileNameWithoutExtension(p)), References);

        foreach (var (project, references) in Allowed)
        {
            Assert.Equal(references, actual[project]);
        }

        Assert.Equal(["Cli"], actual.Keys.Except(Allowed.Keys));
    }

    private static string References(string project) => string.Join(' ', XDocument.Load(project).Descendants("ProjectReference")
        .Select(r => Short(Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))).Order(StringComparer.Ordinal));

    private static string Short(string project) => project.Replace("RolloutLab.", "", StringComparison.Ordinal);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "RolloutLab.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
