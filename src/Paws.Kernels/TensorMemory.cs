using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>Where the numbers of a tensor on the CPU lie.</summary>
internal static unsafe partial class TensorMemory
{
    /// <summary>Of a tensor without gaps in fp32.</summary>
    public static float* Fp32(Tensor tensor) => (float*)Of(tensor, ScalarType.Float32);

    /// <summary>Of a tensor without gaps in bf16.</summary>
    public static ushort* Bf16(Tensor tensor) => (ushort*)Of(tensor, ScalarType.BFloat16);

    /// <summary>[n, c, h, w] → [n, h, w, c] without gaps; no copy of channels-last tensors.</summary>
    public static Tensor ChannelsLast(Tensor x) => x.permute(0, 2, 3, 1).contiguous();

    /// <summary>Numbers after an operation on them as a float64 tensor.</summary>
    public static double[] Sum(Action<Tensor> sum, double[] numbers)
    {
        using var values = tensor(numbers);
        sum(values);
        return values.data<double>().ToArray();
    }

    private static nint Of(Tensor tensor, ScalarType type) =>
        tensor.dtype == type && tensor.is_contiguous()
            ? Data(tensor.Handle)
            : throw new ArgumentException($"the kernels take {type} without gaps, got {tensor.dtype} [{string.Join(',', tensor.shape)}]");

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Data(nint tensor);
}
