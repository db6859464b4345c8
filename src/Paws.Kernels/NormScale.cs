using static TorchSharp.torch;

namespace Paws.Kernels;

/// <summary>Batch normalisation of a batch as scale · x + shift, and what its gradient needs.</summary>
internal sealed unsafe class NormScale
{
    private readonly double[] inverse;
    private readonly double count;
    private readonly Action<Tensor>? sumOverWorkers;

    /// <summary>Takes scale and shift from the batch's moments and updates the running statistics, or takes them from these.</summary>
    /// <param name="norm">γ, β and the running statistics.</param>
    /// <param name="batch">The moments of this worker's batch, in training; else null.</param>
    public NormScale(Normalisation norm, ChannelMoments? batch)
    {
        var channels = (int)norm.Weight.shape[0];
        (Scale, Shift, Mean, inverse) = (new float[channels], new float[channels], new float[channels], new double[channels]);
        sumOverWorkers = norm.SumOverWorkers;
        batch = batch is not null && sumOverWorkers is not null ? batch.OverWorkers(sumOverWorkers) : batch;
        count = batch?.Count ?? 0;
        var gamma = TensorMemory.Fp32(norm.Weight);
        var beta = TensorMemory.Fp32(norm.Bias);
        var runningMean = TensorMemory.Fp32(norm.RunningMean);
        var runningVariance = TensorMemory.Fp32(norm.RunningVariance);
        for (var c = 0; c < channels; c++)
        {
            var (mean, variance) = batch is null
                ? (runningMean[c], runningVariance[c])
                : (batch.Mean[c], batch.SquaredDistances[c] / batch.Count);
            if (batch is not null)
            {
                var unbiased = batch.SquaredDistances[c] / (batch.Count - 1);
                runningMean[c] = (float)((1 - norm.Momentum) * runningMean[c] + norm.Momentum * mean);
                runningVariance[c] = (float)((1 - norm.Momentum) * runningVariance[c] + norm.Momentum * unbiased);
            }
            inverse[c] = 1 / Math.Sqrt(variance + norm.Epsilon);
            Mean[c] = (float)mean;
            Scale[c] = (float)(gamma[c] * inverse[c]);
            Shift[c] = (float)(beta[c] - mean * gamma[c] * inverse[c]);
        }
    }

    /// <summary>γ / σ of each channel.</summary>
    public float[] Scale { get; }

    /// <summary>β − mean · γ / σ of each channel.</summary>
    public float[] Shift { get; }

    /// <summary>Of each channel.</summary>
    public float[] Mean { get; }

    /// <summary>The gradients by γ and β, of this worker's images.</summary>
    /// <param name="sums">Of each channel Σ g, g the gradient by the normalised x.</param>
    /// <param name="products">Of each channel Σ g · (x − mean).</param>
    public (float[] ByScale, float[] ByShift) Parameters(double[] sums, double[] products)
    {
        var (byScale, byShift) = (new float[sums.Length], new float[sums.Length]);
        for (var c = 0; c < sums.Length; c++)
        {
            byScale[c] = (float)(products[c] * inverse[c]);
            byShift[c] = (float)sums[c];
        }
        return (byScale, byShift);
    }

    /// <summary>
    /// The gradient by x is γ/σ · (g − mean of g − x̂ · mean of g x̂), of running statistics γ/σ · g: the factors of g and x, and the rest.
    /// </summary>
    public (float[] OfGradient, float[] OfX, float[] Constant) ByX(double[] sums, double[] products)
    {
        var (ofX, rest) = (new float[sums.Length], new float[sums.Length]);
        if (count > 0 && sumOverWorkers is not null)
        {
            var all = TensorMemory.Sum(sumOverWorkers, [.. sums, .. products]);
            (sums, products) = (all[..sums.Length], all[sums.Length..]);
        }
        for (var c = 0; c < sums.Length && count > 0; c++)
        {
            ofX[c] = (float)(-Scale[c] * inverse[c] * inverse[c] * products[c] / count);
            rest[c] = (float)(-Scale[c] * sums[c] / count - (double)ofX[c] * Mean[c]);
        }
        return (Scale, ofX, rest);
    }
}
