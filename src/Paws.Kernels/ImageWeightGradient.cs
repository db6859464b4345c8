namespace Paws.Kernels;

/// <summary>
/// The gradient of a 3 × 3 convolution of stride 1, padded with zeros, by its weights, by minimal filtering along the rows
/// (<see cref="RowTransform"/>). Pixels are what is summed over, and numbers are multiplied in pairs, so two images are woven into one.
/// </summary>
internal sealed unsafe class ImageWeightGradient
{
    private const int Taps = 3;
    private readonly int height;
    private readonly int width;
    private readonly int inputs;
    private readonly int outputs;
    private readonly int tiles;
    private readonly int band;
    private readonly int together;
    private readonly int vectors;
    private readonly (int Channel, nint Code)[] multiply;
    private readonly nint transformInput;
    private readonly nint transformGradient;

    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="inputs">Input channels, a multiple of 16.</param>
    /// <param name="outputs">Output channels, a multiple of 16.</param>
    /// <param name="cacheBytes">Woven pixels that are made before they are multiplied.</param>
    public ImageWeightGradient(int height, int width, int inputs, int outputs, int cacheBytes)
    {
        (this.height, this.width, this.inputs, this.outputs, tiles) = (height, width, inputs, outputs, (width + 1) / 2);
        var rowBytes = RowTransform.Parts * tiles * (inputs + outputs) * 2 * sizeof(ushort);
        var bands = Math.Max(1, (height * rowBytes + cacheBytes - 1) / cacheBytes);
        band = (height + bands - 1) / bands;
        together = bands > 1 ? 1 : Math.Clamp(cacheBytes / (height * rowBytes), 1, 16);
        vectors = outputs % 32 == 0 ? 2 : 1;
        var count = (inputs + WeightGradientTile.Most(vectors) - 1) / WeightGradientTile.Most(vectors);
        multiply = new (int, nint)[count];
        var sizes = new Dictionary<int, nint>();
        for (var t = 0; t < count; t++)
        {
            var (from, to) = (inputs * t / count, inputs * (t + 1) / count);
            if (!sizes.TryGetValue(to - from, out var code))
            {
                code = sizes[to - from] = ExecutableCode.Of(new WeightGradientTile(inputs, outputs, to - from, vectors).Assemble());
            }
            multiply[t] = (from, code);
        }
        transformInput = ExecutableCode.Of(new RowTransform(width, inputs, InputPart).AssembleWovenInput());
        transformGradient = ExecutableCode.Of(new RowTransform(width, outputs, GradientPart).AssembleWovenGradient());
    }

    /// <summary>Numbers of the sums, [4, 3, inputs, outputs].</summary>
    public int SumsLength => RowTransform.Parts * Taps * inputs * outputs;

    /// <summary>Pairs of images that are multiplied together.</summary>
    public int PairsTogether => together;

    /// <summary>Bytes of scratch that <see cref="Add"/> takes.</summary>
    public nuint ScratchBytes => (nuint)((RowTransform.Parts * (InputPart + GradientPart) + height * width * outputs) * sizeof(ushort) + 192);

    // The input of a band has a row more above and below; images one after the other have all of their rows.
    private int InputRows => Math.Min(height, band + 2);

    private int InputPart => together * InputRows * tiles * inputs * 2;

    private int GradientPart => together * band * tiles * outputs * 2;

    /// <summary>Adds the gradient from at most two times PairsTogether images.</summary>
    /// <param name="images">How many.</param>
    /// <param name="x">bf16 [images, height, width, inputs].</param>
    /// <param name="scale">fp32 [inputs]: the convolution's input is max(0, scale · x + shift).</param>
    /// <param name="shift">fp32 [inputs].</param>
    /// <param name="gradient">bf16 [images, height, width, outputs].</param>
    /// <param name="sums">fp32 [4, 3, inputs, outputs], added to; <see cref="Gather"/> makes the gradient of it.</param>
    /// <param name="bias">fp32 [outputs], to which the gradient of all pixels is added.</param>
    public void Add(int images, ushort* x, float* scale, float* shift, ushort* gradient, float* sums, float* bias)
    {
        var scratch = Scratch.Take(ScratchBytes);
        var input = scratch.Numbers<ushort>(RowTransform.Parts * InputPart);
        var output = scratch.Numbers<ushort>(RowTransform.Parts * GradientPart);
        var (imageInput, imageOutput) = (height * width * inputs, height * width * outputs);
        var nothing = gradient;
        if (images % 2 == 1)
        {
            nothing = scratch.Numbers<ushort>(imageOutput);
            new Span<ushort>(nothing, imageOutput).Clear();
        }
        var pairs = (images + 1) / 2;
        for (var first = 0; first < height; first += band)
        {
            var last = Math.Min(height, first + band);
            var (top, bottom) = (Math.Max(0, first - 1), Math.Min(height, last + 1));
            for (var pair = 0; pair < pairs; pair++)
            {
                var (one, other) = (2 * pair, Math.Min(2 * pair + 1, images - 1)); // an odd one is beside itself, and meets zeros
                for (var row = top; row < bottom; row++)
                {
                    ((delegate* unmanaged<ushort*, ushort*, ushort*, float*, float*, void>)transformInput)(
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
                    ((delegate* unmanaged<ushort*, ushort*, ushort*, float*, void>)transformGradient)(
                        gradient + (nint)one * imageOutput + (nint)row * width * outputs,
                        second + (nint)row * width * outputs,
                        output + (nint)(pair * band + row - first) * tiles * outputs * 2,
                        bias
                    );
                }
            }
            Multiply(input, output, pairs, first, last, top, sums);
        }
    }

    private void Multiply(ushort* input, ushort* output, int pairs, int first, int last, int top, float* sums)
    {
        for (var down = 0; down < Taps; down++)
        {
            // Output rows from to before end meet input rows that lie in the image.
            var (from, end) = (Math.Max(first, 1 - down), Math.Min(last, height + 1 - down));
            if (end <= from)
            {
                continue;
            }
            var count = (end - from) * tiles;
            var skipped = together == 1 ? 0 : height * tiles - count;
            for (var part = 0; part < RowTransform.Parts; part++)
            {
                var fromInput = input + (nint)part * InputPart + (nint)(from + down - 1 - top) * tiles * inputs * 2;
                var fromOutput = output + (nint)part * GradientPart + (nint)(from - first) * tiles * outputs * 2;
                var to = sums + (nint)(part * Taps + down) * inputs * outputs;
                foreach (var (channel, code) in multiply)
                {
                    for (var o = 0; o < outputs; o += vectors * 16)
                    {
                        ((delegate* unmanaged<ushort*, ushort*, float*, nint, nint, nint, void>)code)(
                            fromOutput + o * 2,
                            fromInput + channel * 2,
                            to + (nint)channel * outputs + o,
                            pairs,
                            count,
                            skipped
                        );
                    }
                }
            }
        }
    }

    /// <summary>Adds sums of several threads, in their order, and transforms them back, for some of the input channels.</summary>
    /// <param name="sums">Each [4, 3, inputs, outputs].</param>
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
                        s3 += s[at + 3 * part];
                    }
                    var to = gradient + ((nint)o * inputs + c) * 9 + row * 3;
                    var both = (s1 + s2) / 2;
                    to[0] = s0 + both;
                    to[1] = (s1 - s2) / 2;
                    to[2] = both - s3;
                }
            }
        }
    }
}
