using System.Diagnostics;
using Paws.Runner.Startup;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>What the run computes on, in words and in numbers.</summary>
internal static class Hardware
{
    /// <summary>The largest resident memory of this process so far, in MiB.</summary>
    public static double PeakMemoryMb => Process.GetCurrentProcess().PeakWorkingSet64 / (1024.0 * 1024.0);

    /// <summary>The memory of this process that is resident now, in MiB.</summary>
    public static double ResidentMemoryMb => Environment.WorkingSet / (1024.0 * 1024.0);

    /// <summary>The device in one line, such as "2 cores of AMD EPYC, bf16" or "NVIDIA H200, bf16".</summary>
    public static string Describe(torch.Device device, torch.ScalarType computeType)
    {
        var type = computeType == torch.ScalarType.BFloat16 ? "bf16" : "fp32";
        return device.type == DeviceType.CPU
            ? $"{torch.get_num_threads()} cores of {ProcessorName()}, {type}"
            : $"{CudaDriver.NameOf(Math.Max(device.index, 0)) ?? device.ToString()}, {type}";
    }

    private static string ProcessorName()
    {
        const string info = "/proc/cpuinfo";
        var line = File.Exists(info)
            ? File.ReadLines(info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?.Split(':', 2)[1].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
