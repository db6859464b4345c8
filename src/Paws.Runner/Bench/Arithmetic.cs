using Paws.Model;

namespace Paws.Runner.Bench;

/// <summary>How much there is to compute: the least that any implementation has to do.</summary>
internal static class Arithmetic
{
    /// <summary>
    /// Multiplications and additions of the encoder's convolutions in one forward pass of one image, heads left out. Found from the
    /// names and shapes of the weights: every stage after the first halves the resolution once, at its first block.
    /// </summary>
    /// <param name="encoder">The encoder; a WideResNet or a ResNet.</param>
    /// <param name="size">Edge of the image in pixels.</param>
    public static double ConvolutionFlops(Encoder encoder, int size)
    {
        bool wide = encoder.Spec.ModelName.StartsWith("wide_resnet", StringComparison.Ordinal);
        bool small = wide || encoder.Spec.ModelName == "resnet18_small";
        double total = 0;
        foreach (var parameter in encoder.NamedParameters())
        {
            if (parameter.Value.Dimensions == 4)
            {
                var edge = Edge(parameter.Name, size, wide, small, parameter.Value.shape[2]);
                total += 2.0 * parameter.Value.numel() * edge * edge;
            }
        }
        return total;
    }

    /// <summary>Edge of a convolution's output.</summary>
    private static int Edge(string name, int size, bool wide, bool small, long kernel)
    {
        if (!name.StartsWith("layer", StringComparison.Ordinal))
        {
            return small ? size : Half(size);
        }
        int stage = name[5] - '0';
        int edge = small ? size : Half(Half(size));
        for (int s = 2; s <= stage; s++)
        {
            bool before = s == stage && name.Split('.') is [_, "0", "conv1", _] && (wide || kernel == 1);
            edge = before ? edge : Half(edge);
        }
        return edge;
    }

    private static int Half(int edge) => (edge + 1) / 2;
}
