using System.Runtime.InteropServices;

namespace RolloutLab.Torch;

/// <summary>The numbers of one AdamW step (Loshchilov and Hutter 2019); laid out as <c>rl_adamw_options</c>.</summary>
/// <param name="LearningRate">Rate of this step, ≥ 0.</param>
/// <param name="Beta1">Decay of the first moment, in [0, 1).</param>
/// <param name="Beta2">Decay of the second moment, in [0, 1).</param>
/// <param name="Epsilon">Added to the root of the second moment, &gt; 0.</param>
/// <param name="WeightDecay">Decoupled decay, times the learning rate.</param>
/// <param name="MaxGradNorm">Global norm that gradients are scaled down to; 0 or less for no clipping.</param>
/// <param name="Step">Number of this step, from 1.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct AdamWOptions(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, double MaxGradNorm, long Step);
