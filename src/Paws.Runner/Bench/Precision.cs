using Paws.Runner.Doctor;
using TorchSharp;

namespace Paws.Runner.Bench;

/// <summary>The type in which something is measured.</summary>
internal enum Precision
{
    /// <summary>bf16 where the hardware has it, as in training.</summary>
    Auto,

    /// <summary>bf16.</summary>
    Bf16,

    /// <summary>fp32.</summary>
    Fp32,
}

/// <summary>What a choice of precision comes to.</summary>
internal static class PrecisionChoice
{
    /// <summary>Whether it means bf16 on a device.</summary>
    public static bool IsBf16(this Precision precision, DeviceType device) =>
        precision == Precision.Auto ? device == DeviceType.CUDA || CpuFeatures.HasNativeBf16 : precision == Precision.Bf16;
}
