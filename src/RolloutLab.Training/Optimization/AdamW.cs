using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// AdamW (arXiv 1711.05101) with clipping by the global gradient norm, fused over the whole parameter list. Owns the
/// moments, which are keyed by parameter name when saved.
/// </summary>
public sealed class AdamW : IDisposable
{
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly OptimizerSection _section;
    private readonly Tensor[] _tensors;
    private readonly Tensor[] _firstMoments;
    private readonly Tensor[] _secondMoments;
    private readonly bool[] _decay;

    /// <summary>Creates zero moments for every parameter.</summary>
    /// <param name="parameters">The parameters; borrowed.</param>
    /// <param name="section">Betas, epsilon, decay and clipping; the rate comes with each step.</param>
    public AdamW(IReadOnlyList<NamedParameter> parameters, OptimizerSection section)
    {
        _parameters = parameters;
        _section = section;
        _tensors = parameters.Select(p => p.Tensor).ToArray();
        _decay = parameters.Select(p => p.Decay).ToArray();
        _firstMoments = _tensors.Select(ZerosLike).ToArray();
        _secondMoments = _tensors.Select(ZerosLike).ToArray();
    }

    /// <summary>Optimizer steps taken.</summary>
    public long Step { get; private set; }

    /// <summary>Forgets all gradients.</summary>
    public void ZeroGrad() => torch.zero_grad(_tensors);

    /// <summary>Clips, steps every parameter, and returns the gradient norm before clipping.</summary>
    /// <exception cref="NonFiniteException">The norm is NaN or infinite; nothing was changed.</exception>
    public double Apply(double learningRate)
    {
        var options = new AdamWOptions(
            learningRate, _section.Beta1, _section.Beta2, _section.Epsilon, _section.WeightDecay, _section.MaxGradNorm, Step + 1);
        var norm = fused.adamw_step(_tensors, _firstMoments, _secondMoments, _decay, options, out var applied);
        if (!applied)
        {
            throw new NonFiniteException($"the gradient norm is {norm}");
        }

        Step++;
        return norm;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var moment in _firstMoments.Concat(_secondMoments))
        {
            moment.Dispose();
        }
    }

    private static Tensor ZerosLike(Tensor parameter)
    {
        using var scope = new TensorScope();
        return scope.Detach(torch.zeros_like(parameter));
    }
}
