using System.Collections.Concurrent;

namespace Paws.Kernels;

/// <summary>
/// The kernels of y = convolution(max(0, scale · x + shift)) + bias [+ residual] for channels-last bf16 images of one shape: a
/// pre-activation layer of a residual network in one pass over memory each way. 3 × 3 taps, stride 1 or 2, padded with zeros; products in
/// bf16, sums in fp32.
/// </summary>
internal sealed class NormReluConvolution
{
    /// <summary>Woven pixels of so many bytes at a time stay in the second cache.</summary>
    private const int WovenBytes = 512 * 1024;

    private static readonly ConcurrentDictionary<(int, int, int, int, int), NormReluConvolution> Made = new();

    private NormReluConvolution(int height, int width, int inputs, int outputs, int stride)
    {
        (Height, Width, Inputs, Outputs) = (height, width, inputs, outputs);
        (Rows, Columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        Output = new LayerOutput(
            new ImageConvolution(
                Best(stride, Filtering.Strided, height, inputs),
                height,
                width,
                Rows,
                Columns,
                inputs,
                outputs,
                activated: true
            )
        );
        Gradient = new LayerGradient(
            new ImageConvolution(
                Best(stride, Filtering.Spread, height, outputs),
                Rows,
                Columns,
                height,
                width,
                outputs,
                inputs,
                activated: false
            ),
            new ImageWeightGradient(stride, height, width, inputs, outputs, WovenBytes)
        );
    }

    /// <summary>
    /// Filtering rows and columns takes two thirds of the products of filtering rows, but writes twice as many parts: it pays where many
    /// channels are multiplied, and where tiles of two rows leave little over.
    /// </summary>
    private static Filtering Best(int stride, Filtering strided, int height, int channels) =>
        stride == 2 ? strided
        : channels >= 64 && height >= 8 ? Filtering.Square
        : Filtering.Plain;

    /// <summary>Rows of an input image.</summary>
    public int Height { get; }

    /// <summary>Pixels in a row of it.</summary>
    public int Width { get; }

    /// <summary>Channels of it.</summary>
    public int Inputs { get; }

    /// <summary>Rows of an output image, ⌈height / stride⌉.</summary>
    public int Rows { get; }

    /// <summary>Pixels in a row of it, ⌈width / stride⌉.</summary>
    public int Columns { get; }

    /// <summary>Channels of it.</summary>
    public int Outputs { get; }

    /// <summary>The forward pass.</summary>
    public LayerOutput Output { get; }

    /// <summary>The backward pass, up to normalisation.</summary>
    public LayerGradient Gradient { get; }

    /// <summary>Whether there are kernels for such images on this machine.</summary>
    public static bool Supports(int height, int width, int inputs, int outputs, int stride) =>
        KernelSupport.WhyNot is null && height >= 2 && width is >= 2 and <= 64 && inputs % 16 == 0 && outputs % 16 == 0 && stride is 1 or 2;

    /// <summary>The kernels for images of a shape, assembled when first asked for.</summary>
    public static NormReluConvolution For(int height, int width, int inputs, int outputs, int stride) =>
        Made.GetOrAdd(
            (height, width, inputs, outputs, stride),
            static s => new NormReluConvolution(s.Item1, s.Item2, s.Item3, s.Item4, s.Item5)
        );
}
