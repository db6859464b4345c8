using System.Diagnostics;
using TorchSharp;

namespace Paws.Runner.Bench;

/// <summary>What libtorch reaches on a device in the two kinds of work that a step consists of: the ceiling of everything else.</summary>
internal static class CeilingBench
{
    /// <summary>GFLOP/s of one kind of work.</summary>
    /// <param name="Work">What was computed.</param>
    /// <param name="Precision">In which type.</param>
    /// <param name="Gflops">Thousand million multiplications and additions a second, the best of the repetitions.</param>
    public sealed record Ceiling(string Work, string Precision, double Gflops);

    // Where a type is emulated a call can take a minute; then one is enough.
    private const int LongestTimes = 10;

    /// <summary>Measures everything, for about <paramref name="seconds"/> each.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/>, after the call that runs.</exception>
    public static IEnumerable<Ceiling> Measure(torch.Device device, double seconds, CancellationToken stop)
    {
        foreach (var (type, name) in new[] { (torch.bfloat16, "bf16"), (torch.float32, "fp32") })
        {
            yield return new("3x3 convolution, 64 channels, channels-last", name, Convolution(device, type, seconds, stop));
            yield return new("2048 x 2048 matrix product", name, Product(device, type, 2048, seconds, stop));
            if (device.type == DeviceType.CUDA)
            {
                yield return new("8192 x 8192 matrix product", name, Product(device, type, 8192, seconds, stop));
            }
        }
    }

    private static double Convolution(torch.Device device, torch.ScalarType type, double seconds, CancellationToken stop)
    {
        const int channels = 64;
        const int edge = 32;
        int images = device.type == DeviceType.CUDA ? 1024 : 64;
        using var scope = torch.NewDisposeScope();
        var input = torch.randn([images, edge, edge, channels], device: device).to(type).permute(0, 3, 1, 2);
        var weight = torch.randn([channels, 3, 3, channels], device: device).to(type).permute(0, 3, 1, 2);
        double work = 2.0 * images * edge * edge * channels * channels * 9;
        return work / Seconds(device, seconds, stop, () => torch.nn.functional.conv2d(input, weight, padding: [1L, 1L])) / 1e9;
    }

    private static double Product(torch.Device device, torch.ScalarType type, int size, double seconds, CancellationToken stop)
    {
        using var scope = torch.NewDisposeScope();
        var a = torch.randn([size, size], device: device).to(type);
        var b = torch.randn([size, size], device: device).to(type);
        return 2.0 * size * size * size / Seconds(device, seconds, stop, () => a.matmul(b)) / 1e9;
    }

    /// <summary>
    /// The shortest time of one call, over at least five groups where they are no longer than they should be; on a GPU a group is ten calls, queued
    /// and waited for together.
    /// </summary>
    private static double Seconds(torch.Device device, double seconds, CancellationToken stop, Func<torch.Tensor> compute)
    {
        bool cuda = device.type == DeviceType.CUDA;
        int calls = cuda ? 10 : 1;
        double best = double.PositiveInfinity;
        var all = Stopwatch.StartNew();
        using var frozen = torch.no_grad();
        bool IsLong() => all.Elapsed.TotalSeconds >= LongestTimes * seconds;
        for (int group = -2; double.IsInfinity(best) || (group < 5 ? !IsLong() : all.Elapsed.TotalSeconds < seconds); group++)
        {
            stop.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
            {
                compute().Dispose();
            }
            if (cuda)
            {
                torch.cuda.synchronize();
            }
            // The first groups find algorithms and fill caches.
            best = group < 0 && !IsLong() ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / calls);
        }
        return best;
    }
}
