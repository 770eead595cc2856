namespace RolloutLab.Models;

/// <summary>An adapted map: a range of rows of a matrix in memory.</summary>
/// <param name="Name">Hugging Face's name, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Ordinal">Its place among all maps of the model, adapted or not; addresses its random numbers.</param>
/// <param name="Matrix">Name in memory of the matrix it is part of, without <c>.weight</c>.</param>
/// <param name="FirstRow">Its first row there.</param>
/// <param name="Rows">Its outputs N.</param>
/// <param name="Columns">Its inputs K.</param>
internal sealed record LoraModule(string Name, int Ordinal, string Matrix, int FirstRow, int Rows, int Columns);

/// <summary>Which maps of a model an adapter is put on.</summary>
internal static class LoraLayout
{
    private const string Suffix = ".weight";

    /// <summary>Every map that an adapter can be put on, from the first layer to the last.</summary>
    public static IReadOnlyList<LoraModule> All(ModelConfig config)
    {
        var modules = new List<LoraModule>();
        foreach (var spec in ParameterLayout.Of(config).Where(spec => spec.IsMatrix))
        {
            var row = 0;
            foreach (var part in spec.Parts)
            {
                var name = part.Name[..^Suffix.Length];
                if (LoraOptions.AllTargets.Contains(name[(name.LastIndexOf('.') + 1)..]))
                {
                    modules.Add(new LoraModule(name, modules.Count, spec.Name[..^Suffix.Length], row, part.Rows, spec.Columns));
                }

                row += part.Rows;
            }
        }

        return modules;
    }

    /// <summary>The maps that some target names.</summary>
    public static IReadOnlyList<LoraModule> Of(ModelConfig config, IReadOnlyList<string> targets) =>
        [.. All(config).Where(module => targets.Any(target => Names(target, module)))];

    /// <summary>The first target that names no map, or null.</summary>
    public static string? FindUnknown(ModelConfig config, IReadOnlyList<string> targets)
    {
        var all = All(config);
        return targets.FirstOrDefault(target => !all.Any(module => Names(target, module)));
    }

    private static bool Names(string target, LoraModule module) =>
        module.Name == target || module.Name.EndsWith("." + target, StringComparison.Ordinal);
}
