using System.Runtime.InteropServices;
using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Drawing tokens and stepping parameters, without gradients.</content>
public static partial class fused
{
    /// <summary>
    /// Draws one token for each entry of the request by inverting the cumulative distribution, in order of token ids,
    /// at the given uniform number: the draw is a function of its row and settings alone.
    /// </summary>
    /// <param name="logits"><c>[M, V]</c>.</param>
    /// <param name="request">R draws.</param>
    /// <param name="token_ids"><c>[R]</c>, receives the tokens.</param>
    /// <param name="log_probs">
    /// <c>[R]</c>, receives each token's log-probability in the distribution it was drawn from; at temperature 0, in the
    /// unfiltered distribution at temperature 1.
    /// </param>
    /// <param name="top">Receives the most probable tokens of each row; default for none.</param>
    /// <exception cref="ArgumentException">Lengths differ.</exception>
    /// <exception cref="TorchException">A logit is NaN or infinite (the row is named), or a setting is out of range.</exception>
    public static unsafe void sample(
        Tensor logits, in SampleRequest request, Span<int> token_ids, Span<float> log_probs, TopTokens top = default)
    {
        ArgumentNullException.ThrowIfNull(logits);
        var count = request.Rows.Length;
        var topCount = count == 0 ? 0 : top.TokenIds.Length / count;
        RequireLength(top.TokenIds.Length, count * topCount, nameof(top));
        RequireLength(top.Probabilities.Length, count * topCount, nameof(top));
        RequireLength(top.LogProbs.Length, count * topCount, nameof(top));
        RequireLength(request.Temperature.Length, count, nameof(request));
        RequireLength(request.TopK.Length, count, nameof(request));
        RequireLength(request.TopP.Length, count, nameof(request));
        RequireLength(request.MinP.Length, count, nameof(request));
        RequireLength(request.Uniform.Length, count, nameof(request));
        RequireLength(token_ids.Length, count, nameof(token_ids));
        RequireLength(log_probs.Length, count, nameof(log_probs));
        fixed (int* rows = request.Rows)
        fixed (float* temperature = request.Temperature)
        fixed (int* topK = request.TopK)
        fixed (float* topP = request.TopP)
        fixed (float* minP = request.MinP)
        fixed (double* uniform = request.Uniform)
        fixed (int* ids = token_ids)
        fixed (float* probabilities = log_probs)
        fixed (int* topIds = top.TokenIds)
        fixed (float* topProbabilities = top.Probabilities)
        fixed (float* topLogProbs = top.LogProbs)
        {
            var native = new NativeSampleRequest
            {
                Rows = rows,
                Temperature = temperature,
                TopK = topK,
                TopP = topP,
                MinP = minP,
                Uniform = uniform,
                Count = count,
                Vocabulary = request.Vocabulary,
                TopCount = topCount,
            };
            var told = new NativeTopTokens { TokenIds = topIds, Probabilities = topProbabilities, LogProbs = topLogProbs };
            NativeCall.Check(NativeMethods.rl_sample(logits.Handle, &native, ids, probabilities, &told));
        }
    }

    /// <summary>
    /// Clips the gradients that the parameters carry by their global norm and steps every parameter by AdamW, in one
    /// pass over memory. A parameter without a gradient counts as having zeros; gradients are left as they are.
    /// </summary>
    /// <param name="parameters">P tensors, changed in place.</param>
    /// <param name="exp_avg">First moments, of the parameters' shapes, changed in place.</param>
    /// <param name="exp_avg_sq">Second moments, likewise.</param>
    /// <param name="decay">Which parameters decay; usually matrices do, norms and biases do not.</param>
    /// <param name="options">Rates, clipping and the step's number.</param>
    /// <param name="grad_norm">Global norm of the gradients before clipping.</param>
    /// <returns>False when the norm is not finite: nothing was changed.</returns>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static unsafe bool adamw_step(
        ReadOnlySpan<Tensor> parameters,
        ReadOnlySpan<Tensor> exp_avg,
        ReadOnlySpan<Tensor> exp_avg_sq,
        ReadOnlySpan<bool> decay,
        AdamWOptions options,
        out double grad_norm)
    {
        RequireLength(exp_avg.Length, parameters.Length, nameof(exp_avg));
        RequireLength(exp_avg_sq.Length, parameters.Length, nameof(exp_avg_sq));
        RequireLength(decay.Length, parameters.Length, nameof(decay));
        using var values = new HandleListLease(parameters);
        using var first = new HandleListLease(exp_avg);
        using var second = new HandleListLease(exp_avg_sq);
        fixed (nint* parameterHandles = values.Pointers)
        fixed (nint* firstHandles = first.Pointers)
        fixed (nint* secondHandles = second.Pointers)
        fixed (byte* decays = MemoryMarshal.AsBytes(decay))
        {
            NativeCall.Check(NativeMethods.rl_adamw_step(
                parameterHandles, firstHandles, secondHandles, decays, parameters.Length, &options, out grad_norm, out var applied));
            return applied != 0;
        }
    }
}
