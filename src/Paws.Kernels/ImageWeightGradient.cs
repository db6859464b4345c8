namespace Paws.Kernels;

/// <summary>
/// The gradient of a 3 × 3 convolution, padded with zeros, by its weights, with rows written as parts (<see cref="RowTransform"/>). Pixels
/// are what is summed over, and numbers are multiplied in pairs, so two images are woven into one.
/// </summary>
internal sealed unsafe class ImageWeightGradient
{
    private const int Taps = 3;
    private readonly Filtering filtering;
    private readonly int stride;
    private readonly int height;
    private readonly int width;
    private readonly int rows;
    private readonly int outputWidth;
    private readonly int inputs;
    private readonly int outputs;
    private readonly int tiles;
    private readonly int band;
    private readonly int together;
    private readonly int vectors;
    private readonly (int Channel, nint Code)[] multiply;
    private readonly nint transformInput;
    private readonly nint transformGradient;

    /// <param name="stride">1 or 2.</param>
    /// <param name="height">Rows of an input image.</param>
    /// <param name="width">Pixels in a row of it.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="cacheBytes">Woven pixels that are made before they are multiplied.</param>
    public ImageWeightGradient(int stride, int height, int width, int inputs, int outputs, int cacheBytes)
    {
        filtering = stride == 1 ? Filtering.Plain : Filtering.Strided;
        (this.stride, this.height, this.width, this.inputs, this.outputs) = (stride, height, width, inputs, outputs);
        (rows, outputWidth, tiles) = ((height + stride - 1) / stride, (width + stride - 1) / stride, (width + 1) / 2);
        var rowBytes = (InputParts * stride * inputs + GradientParts * outputs) * tiles * 2 * sizeof(ushort);
        var bands = Math.Max(1, (rows * rowBytes + cacheBytes - 1) / cacheBytes);
        band = (rows + bands - 1) / bands;
        together = bands > 1 ? 1 : Math.Clamp(cacheBytes / (rows * rowBytes), 1, 16);
        vectors = outputs % 32 == 0 ? 2 : 1;
        var count = (inputs + WeightGradientTile.Most(vectors) - 1) / WeightGradientTile.Most(vectors);
        multiply = new (int, nint)[count];
        var sizes = new Dictionary<int, nint>();
        for (var t = 0; t < count; t++)
        {
            var (from, to) = (inputs * t / count, inputs * (t + 1) / count);
            if (!sizes.TryGetValue(to - from, out var code))
            {
                var tile = new WeightGradientTile(inputs, outputs, to - from, vectors, InputSkip: (stride - 1) * tiles);
                code = sizes[to - from] = ExecutableCode.Of(tile.Assemble());
            }
            multiply[t] = (from, code);
        }
        transformInput = ExecutableCode.Of(new RowTransform(filtering, width, tiles, inputs, InputPart).AssembleWovenInput());
        transformGradient = ExecutableCode.Of(
            new RowTransform(filtering, outputWidth, tiles, outputs, GradientPart).AssembleWovenGradient()
        );
    }

    /// <summary>Numbers of the sums, [parts, 3, inputs, outputs].</summary>
    public int SumsLength => InputParts * Taps * inputs * outputs;

    /// <summary>Pairs of images that are multiplied together.</summary>
    public int PairsTogether => together;

    private int InputParts => RowTransform.Parts(filtering);

    private int GradientParts => filtering == Filtering.Plain ? InputParts : 1;

    // The input of a band has a row more above and below; images one after the other have all of their rows.
    private int InputRows => Math.Min(height, stride * (band - 1) + Taps);

    private int InputPart => together * InputRows * tiles * inputs * 2;

    private int GradientPart => together * band * tiles * outputs * 2;

    /// <summary>Adds the gradient from at most two times PairsTogether images.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs]: the convolution's input is max(0, scale · x + shift).</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="gradient">bf16 [images, ⌈height / stride⌉, ⌈width / stride⌉, outputs].</param>
    /// <param name="sums">fp32 [parts, 3, inputs, outputs], added to; <see cref="Gather"/> makes the gradient of it.</param>
    /// <param name="bias">fp32 [outputs], to which the gradient of all pixels is added.</param>
    public void Add(int images, ushort* x, float* scale, float* shift, ushort* gradient, float* sums, float* bias)
    {
        var (imageInput, imageOutput) = (height * width * inputs, rows * outputWidth * outputs);
        var scratch = Scratch.Take((nuint)((InputParts * InputPart + GradientParts * GradientPart + imageOutput) * sizeof(ushort) + 192));
        var input = scratch.Numbers<ushort>(InputParts * InputPart);
        var output = scratch.Numbers<ushort>(GradientParts * GradientPart);
        var nothing = scratch.Numbers<ushort>(imageOutput);
        if (images % 2 == 1)
        {
            new Span<ushort>(nothing, imageOutput).Clear();
        }
        var pairs = (images + 1) / 2;
        for (var first = 0; first < rows; first += band)
        {
            var last = Math.Min(rows, first + band);
            var (top, bottom) = (Math.Max(0, stride * first - 1), Math.Min(height, stride * (last - 1) + 2));
            for (var pair = 0; pair < pairs; pair++)
            {
                var (one, other) = (2 * pair, Math.Min(2 * pair + 1, images - 1)); // an odd one is beside itself, and meets zeros
                for (var row = top; row < bottom; row++)
                {
                    ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, ushort*, float*, float*, void>)transformInput)(
                        x + (nint)one * imageInput + (nint)row * width * inputs,
                        x + (nint)other * imageInput + (nint)row * width * inputs,
                        input + (nint)(pair * InputRows + row - top) * tiles * inputs * 2,
                        scale,
                        shift
                    );
                }
                var second = 2 * pair + 1 < images ? gradient + (nint)other * imageOutput : nothing;
                for (var row = first; row < last; row++)
                {
                    ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, ushort*, float*, void>)transformGradient)(
                        gradient + (nint)one * imageOutput + (nint)row * outputWidth * outputs,
                        second + (nint)row * outputWidth * outputs,
                        output + (nint)(pair * band + row - first) * tiles * outputs * 2,
                        bias
                    );
                }
            }
            for (var down = 0; down < Taps; down++)
            {
                // Output rows from to before end meet input rows that lie in the image.
                var (from, end) = (Math.Max(first, down == 0 ? 1 : 0), Math.Min(last, (height - down) / stride + 1));
                if (end <= from)
                {
                    continue;
                }
                var (fromInput, fromOutput, to) = (
                    (nint)input + (nint)(stride * from + down - 1 - top) * tiles * inputs * 2 * sizeof(ushort),
                    (nint)output + (nint)(from - first) * tiles * outputs * 2 * sizeof(ushort),
                    (nint)sums + (nint)down * inputs * outputs * sizeof(float)
                );
                if (stride == 1)
                {
                    var count = (end - from) * tiles;
                    Multiply((ushort*)fromInput, (ushort*)fromOutput, (float*)to, pairs, count, together == 1 ? 0 : rows * tiles - count);
                    continue;
                }
                for (var pair = 0; pair < pairs; pair++)
                {
                    Multiply(
                        (ushort*)fromInput + (nint)pair * InputRows * tiles * inputs * 2,
                        (ushort*)fromOutput + (nint)pair * band * tiles * outputs * 2,
                        (float*)to,
                        end - from, // a row is to the tile what an image is where rows follow without a gap
                        tiles,
                        0
                    );
                }
            }
        }
    }

    private void Multiply(ushort* input, ushort* output, float* sums, int images, int count, int skipped)
    {
        for (var part = 0; part < InputParts; part++)
        {
            var fromInput = input + (nint)part * InputPart;
            var fromOutput = output + (nint)(part % GradientParts) * GradientPart;
            var to = sums + (nint)part * Taps * inputs * outputs;
            foreach (var (channel, code) in multiply)
            {
                for (var o = 0; o < outputs; o += vectors * 16)
                {
                    ((delegate* unmanaged[SuppressGCTransition]<ushort*, ushort*, float*, nint, nint, nint, void>)code)(
                        fromOutput + o * 2,
                        fromInput + channel * 2,
                        to + (nint)channel * outputs + o,
                        images,
                        count,
                        skipped
                    );
                }
            }
        }
    }

    /// <summary>Adds sums of several threads, in their order, and makes the taps of the parts, for some of the input channels.</summary>
    /// <param name="sums">Each [parts, 3, inputs, outputs].</param>
    /// <param name="gradient">fp32 [outputs, inputs, 3, 3].</param>
    /// <param name="channels">The input channels.</param>
    public void Gather(float[][] sums, float* gradient, (int From, int To) channels)
    {
        var part = Taps * inputs * outputs;
        for (var row = 0; row < Taps; row++)
        {
            for (var c = channels.From; c < channels.To; c++)
            {
                for (var o = 0; o < outputs; o++)
                {
                    var at = (row * inputs + c) * outputs + o;
                    var (s0, s1, s2, s3) = (0f, 0f, 0f, 0f);
                    foreach (var s in sums)
                    {
                        s0 += s[at];
                        s1 += s[at + part];
                        s2 += s[at + 2 * part];
                        s3 += filtering == Filtering.Plain ? s[at + 3 * part] : 0;
                    }
                    var to = gradient + ((nint)o * inputs + c) * 9 + row * 3;
                    var both = (s1 + s2) / 2;
                    (to[0], to[1], to[2]) = filtering == Filtering.Plain ? (s0 + both, (s1 - s2) / 2, both - s3) : (s0, s1, s2);
                }
            }
        }
    }
}
