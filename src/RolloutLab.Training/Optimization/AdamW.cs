using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// AdamW (arXiv 1711.05101) with clipping by the global gradient norm, fused over the whole parameter list. Owns the
/// moments, which are keyed by parameter name when saved, and there from the first step on: an optimizer that waits takes no memory.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly OptimizerSection _section;
    private readonly TensorOwner _owner = new();
    private readonly Tensor[] _tensors;
    private readonly bool[] _decay;
    private Tensor[] _firstMoments = [];
    private Tensor[] _secondMoments = [];

    /// <summary>Creates an optimizer whose moments are zero.</summary>
    /// <param name="parameters">The parameters; borrowed.</param>
    /// <param name="section">Betas, epsilon, decay and clipping; the rate comes with each step.</param>
    public AdamW(IReadOnlyList<NamedParameter> parameters, OptimizerSection section)
    {
        _parameters = parameters;
        _section = section;
        _tensors = parameters.Select(p => p.Tensor).ToArray();
        _decay = parameters.Select(p => p.Decay).ToArray();
    }

    /// <summary>Optimizer steps taken.</summary>
    public long Step { get; private set; }

    /// <summary>Forgets all gradients.</summary>
    public void ZeroGrad() => torch.zero_grad(_tensors);

    /// <summary>Clips, steps every parameter, and returns the gradient norm before clipping.</summary>
    /// <exception cref="NonFiniteException">The norm is NaN or infinite; nothing was changed.</exception>
    public double Apply(double learningRate)
    {
        MakeMoments();
        var options = new AdamWOptions(
            learningRate, _section.Beta1, _section.Beta2, _section.Epsilon, _section.WeightDecay, _section.MaxGradNorm, Step + 1);
        if (!fused.adamw_step(_tensors, _firstMoments, _secondMoments, _decay, options, out var norm))
        {
            throw new NonFiniteException($"the gradient norm is {norm}");
        }

        Step++;
        return norm;
    }

    /// <summary>Writes moments and step count as a safetensors file.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path) => OptimizerFile.Write(path, Moments(), Step);

    /// <summary>Reads what <see cref="Save"/> wrote for the same parameters.</summary>
    /// <exception cref="CheckpointException">The file is damaged or belongs to another model.</exception>
    public void Load(string path) => Step = OptimizerFile.Read(path, Moments());

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    private List<(string Name, Tensor Tensor)> Moments()
    {
        MakeMoments();
        return [.. _parameters.SelectMany((p, i) => new[] { ($"exp_avg.{p.Name}", _firstMoments[i]), ($"exp_avg_sq.{p.Name}", _secondMoments[i]) })];
    }

    private void MakeMoments()
    {
        if (_firstMoments.Length == _tensors.Length)
        {
            return;
        }

        using var scope = new TensorScope();
        _firstMoments = [.. _tensors.Select(t => _owner.Take(torch.zeros(t.shape)))];
        _secondMoments = [.. _tensors.Select(t => _owner.Take(torch.zeros(t.shape)))];
    }
}
