using RolloutLab.Core;
using RolloutLab.Models;

namespace RolloutLab.Cli;

/// <summary>The reference of the KL term: a policy that is not trained, from a folder of its own or under the adapter that is trained.</summary>
internal sealed class FrozenPolicy : IDisposable
{
    private readonly DecoderWeights? _owned;

    private FrozenPolicy(DecoderModel model, DecoderWeights? owned) => (Model, _owned) = (model, owned);

    /// <summary>The model.</summary>
    public DecoderModel Model { get; }

    /// <summary>Writes a policy into a folder, all of it or nothing.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public static void Save(Policy policy, string folder)
    {
        var beside = folder + ".unfinished";
        try
        {
            foreach (var old in new[] { beside, folder }.Where(Directory.Exists))
            {
                Directory.Delete(old, recursive: true);
            }

            Directory.CreateDirectory(beside);
            policy.Save(beside);
            Directory.Move(beside, folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"the reference policy {folder} cannot be written: {error.Message}; free space or give --run-dir another folder", error);
        }
    }

    /// <summary>Opens the folder.</summary>
    /// <param name="folder">Holds a model.</param>
    /// <param name="policy">Lends its rotary table to a model of its configuration; borrowed.</param>
    /// <exception cref="CheckpointException">It is missing or damaged.</exception>
    public static FrozenPolicy Open(string folder, Policy policy)
    {
        var weights = ModelFolder.Open(folder).LoadWeights(policy.Weights.Device, trainable: false, policy.Weights.Precision);
        return new FrozenPolicy(weights.Config == policy.Weights.Config ? policy.Model.WithWeights(weights) : new DecoderModel(weights), weights);
    }

    /// <summary>The model under a policy's adapter, in the policy's own weights.</summary>
    /// <param name="policy">The policy; borrowed.</param>
    public static FrozenPolicy Under(Policy policy) => new(policy.Model.WithoutAdapter(), owned: null);

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        _owned?.Dispose();
    }
}
