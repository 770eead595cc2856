using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RolloutLab.Torch.Native;

/// <summary><c>rl_memory</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeMemoryCounts
{
    public long LiveTensors;
    public long FinalizedTensors;
    public long ResidentBytes;
    public long PeakResidentBytes;
}

/// <summary><c>rl_tensor_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TensorInfo
{
    public int Dtype;
    public int DeviceType;
    public int DeviceIndex;
    public int Dims;
    public long Numel;
    public ShapeBuffer Shape;
}

/// <summary>Room for a shape of at most 8 dimensions, <c>RL_MAX_DIMS</c>.</summary>
[InlineArray(Length)]
internal struct ShapeBuffer
{
    internal const int Length = 8;
    private long _first;
}

/// <summary><c>rl_unary_op</c>.</summary>
internal enum UnaryOp
{
    Neg = 0,
    Exp = 1,
    Log = 2,
    Sqrt = 3,
    Abs = 4,
    Reciprocal = 5,
    Square = 6,
    Sigmoid = 7,
    Tanh = 8,
    Silu = 9,
    Isfinite = 10,
}

/// <summary><c>rl_binary_op</c>.</summary>
internal enum BinaryOp
{
    Add = 0,
    Sub = 1,
    Mul = 2,
    Div = 3,
    Pow = 4,
    Minimum = 5,
    Maximum = 6,
    Gt = 7,
    Ge = 8,
    Lt = 9,
    Le = 10,
    Eq = 11,
    Ne = 12,
}

/// <summary><c>rl_reduce_op</c>.</summary>
internal enum ReduceOp
{
    Sum = 0,
    Mean = 1,
    Max = 2,
    Min = 3,
    Argmax = 4,
}

/// <summary><c>rl_sample_request</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeSampleRequest
{
    public int* Rows;
    public float* Temperature;
    public int* TopK;
    public float* TopP;
    public float* MinP;
    public double* Uniform;
    public long Count;
    public long Vocabulary;
    public long TopCount;
}

/// <summary><c>rl_top_tokens</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeTopTokens
{
    public int* TokenIds;
    public float* Probabilities;
    public float* LogProbs;
}
