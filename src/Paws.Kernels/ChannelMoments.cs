using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>How many values each channel of a batch has, their mean and the sum of their squared distances from it.</summary>
public sealed class ChannelMoments
{
    private long count;

    /// <param name="channels">How many channels.</param>
    public ChannelMoments(int channels)
    {
        Mean = new double[channels];
        SquaredDistances = new double[channels];
    }

    /// <summary>Values of each channel.</summary>
    public long Count => count;

    /// <summary>Of each channel.</summary>
    public double[] Mean { get; }

    /// <summary>Σ (value − mean)² of each channel.</summary>
    public double[] SquaredDistances { get; }

    /// <summary>The moments of all workers' values, from each worker's.</summary>
    /// <param name="sum">Replaces a tensor by its sum over the workers.</param>
    internal ChannelMoments OverWorkers(Action<Tensor> sum)
    {
        var channels = Mean.Length;
        var numbers = new double[2 * channels + 1];
        numbers[0] = count;
        for (var c = 0; c < channels; c++)
        {
            numbers[1 + c] = count * Mean[c];
            // In double precision: the mean would have to be a million times the deviation to be lost here.
            numbers[1 + channels + c] = SquaredDistances[c] + count * Mean[c] * Mean[c];
        }
        numbers = TensorMemory.Sum(sum, numbers);
        var all = new ChannelMoments(channels) { count = (long)numbers[0] };
        for (var c = 0; c < channels; c++)
        {
            all.Mean[c] = numbers[1 + c] / numbers[0];
            all.SquaredDistances[c] = Math.Max(0, numbers[1 + channels + c] - numbers[0] * all.Mean[c] * all.Mean[c]);
        }
        return all;
    }

    /// <summary>Takes more values of all channels in (Chan, Golub and LeVeque, 1979: updating formulae for the variance).</summary>
    internal void Add(ChannelMoments more)
    {
        if (more.count == 0)
        {
            return;
        }
        var all = count + more.count;
        for (var c = 0; c < Mean.Length; c++)
        {
            var apart = more.Mean[c] - Mean[c];
            Mean[c] += apart * more.count / all;
            SquaredDistances[c] += more.SquaredDistances[c] + apart * apart * count * more.count / all;
        }
        count = all;
    }

    /// <summary>Takes values in of which the sums of their distances from an origin are known, and of the distances' squares.</summary>
    internal unsafe void Add(int values, float* origin, float* sums, float* squares)
    {
        var all = count + values;
        for (var c = 0; c < Mean.Length; c++)
        {
            var mean = (double)sums[c] / values;
            var apart = origin[c] + mean - Mean[c];
            Mean[c] += apart * values / all;
            SquaredDistances[c] += squares[c] - mean * sums[c] + apart * apart * count * values / all;
        }
        count = all;
    }

    /// <summary>Of bf16 values [pixels, channels], channels a multiple of 16.</summary>
    internal static unsafe ChannelMoments Of(ushort* x, int pixels, int channels)
    {
        const int atOnce = 256; // fp32 sums of so many, then double
        var moments = new ChannelMoments(channels);
        var scratch = Scratch.Take((nuint)(3 * channels * sizeof(float) + 192));
        var origin = scratch.Numbers<float>(channels);
        var sums = scratch.Numbers<float>(channels);
        var squares = scratch.Numbers<float>(channels);
        for (var first = 0; first < pixels; first += atOnce)
        {
            var count = Math.Min(atOnce, pixels - first);
            for (var c = 0; c < channels; c += 16)
            {
                var from = x + (nint)first * channels + c;
                var zero = Bf16.Load(from);
                var (sum, square) = (Vector512<float>.Zero, Vector512<float>.Zero);
                for (var p = 0; p < count; p++)
                {
                    var apart = Bf16.Load(from + (nint)p * channels) - zero;
                    sum += apart;
                    square += apart * apart;
                }
                zero.Store(origin + c);
                sum.Store(sums + c);
                square.Store(squares + c);
            }
            moments.Add(count, origin, sums, squares);
        }
        return moments;
    }

    /// <summary>Of all parts together, added in their order; the first part takes them up.</summary>
    internal static ChannelMoments Merge(ChannelMoments[] parts)
    {
        for (var p = 1; p < parts.Length; p++)
        {
            parts[0].Add(parts[p]);
        }
        return parts[0];
    }
}
