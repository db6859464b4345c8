using Paws.Data.Augment;
using Paws.Data.Datasets;

namespace Paws.Runner.Verify;

/// <summary>augment.json: images after one operation each, as PIL and torchvision make them. Always on the CPU.</summary>
internal static class AugmentFile
{
    private const double MeanBound = 1;
    private const double HueMeanBound = 1.5;
    private const int MaximumBound = 4;

    /// <summary>The images that the cases refer to by number.</summary>
    public static IReadOnlyList<RgbImage> Images(GoldenJson golden) => [.. golden["images"].Items.Select(Image)];

    /// <summary>One case.</summary>
    public static Comparison Check(string file, GoldenJson golden, IReadOnlyList<RgbImage> images, int number)
    {
        string operation = golden["op"].Text;
        int index = golden["image"].Whole;
        if (index < 0 || index >= images.Count)
        {
            throw golden.Bad($"refers to image {index}; there are {images.Count}");
        }
        var expected = Image(golden["expected"]);
        var parameters = golden["params"];
        var (width, height, actual) = Apply(images[index], operation, parameters);
        string name = $"{number}: {operation} {string.Join(' ', parameters.Entries.Select(p => $"{p.Key} {p.Value.Number:g4}"))}";
        double bound = operation == "hue" ? HueMeanBound : MeanBound;
        if (width != expected.Width || height != expected.Height)
        {
            return new Comparison(file, name, double.PositiveInfinity, bound, $"size {width} × {height}");
        }
        long sum = 0;
        int most = 0;
        var wanted = expected.Pixels.Span;
        for (int i = 0; i < actual.Length; i++)
        {
            int off = Math.Abs(actual[i] - wanted[i]);
            sum += off;
            most = Math.Max(most, off);
        }
        double mean = (double)sum / actual.Length;
        // One number for both bounds: a maximum beyond its own counts as an excess of the mean.
        bool beyond = operation != "hue" && most > MaximumBound;
        return new Comparison(
            file,
            name,
            beyond ? Math.Max(mean, bound * most / MaximumBound) : mean,
            bound,
            $"grey levels, at most {most}"
        );
    }

    private static RgbImage Image(GoldenJson json)
    {
        var rows = json.Pixels;
        if (rows.Length == 0 || rows.Any(row => row.Length != rows[0].Length || row.Any(pixel => pixel.Length != 3)))
        {
            throw json.Bad("is not an image of whole rows with three channels");
        }
        var bytes = rows.SelectMany(row => row.SelectMany(pixel => pixel.Select(v => (byte)v))).ToArray();
        return new RgbImage(bytes, rows[0].Length, rows.Length);
    }

    private static (int Width, int Height, byte[] Pixels) Apply(RgbImage image, string operation, GoldenJson parameters)
    {
        double Number(string key) => parameters[key].Number;
        (int, int, byte[]) Coloured(Action<Planes> apply)
        {
            var planes = new Planes();
            planes.FromInterleaved(image.Pixels.Span, image.Width, image.Height);
            apply(planes);
            return (image.Width, image.Height, planes.ToInterleaved());
        }
        (int, int, byte[]) Resized(CropBox box, int size, bool flip)
        {
            var target = new Planes();
            Resize.Apply(image, box, size, flip, target, new ResizeScratch());
            return (size, size, target.ToInterleaved());
        }
        switch (operation)
        {
            case "brightness":
                return Coloured(p => Brightness.Apply(p, (float)Number("factor")));
            case "contrast":
                return Coloured(p => Contrast.Apply(p, (float)Number("factor")));
            case "saturation":
                return Coloured(p => Saturation.Apply(p, (float)Number("factor")));
            case "hue":
                return Coloured(p => Hue.Apply(p, Number("shift")));
            case "solarize":
                return Coloured(p => Solarize.Apply(p, Number("threshold")));
            case "equalize":
                return Coloured(Equalize.Apply);
            case "grayscale":
                return Coloured(Grayscale.Apply);
            case "gaussian_blur":
                return Coloured(p => GaussianBlur.Apply(p, (float)Number("radius"), new BlurScratch()));
            case "hflip":
                return Mirrored(image);
            case "resized_crop":
                int size = parameters["size"].Whole;
                var (left, top) = (parameters["left"].Whole, parameters["top"].Whole);
                return Resized(
                    new CropBox(left, top, parameters["width"].Whole, parameters["height"].Whole, size, size, 0, 0),
                    size,
                    false
                );
            case "resize_shorter_then_center_crop":
                var recipe = new ViewRecipe
                {
                    Size = parameters["crop"].Whole,
                    RandomCrop = false,
                    ResizeShorter = parameters["resize"].Whole,
                };
                return Resized(CropBox.Centre(image.Width, image.Height, recipe), recipe.Size, false);
            default:
                throw parameters.Bad($"belongs to an operation \"{operation}\" that is not known");
        }
    }

    /// <summary>
    /// The whole image mirrored. The augmentation mirrors while it resizes, to squares only: so square by square of its own size,
    /// a row's squares in reverse order.
    /// </summary>
    private static (int, int, byte[]) Mirrored(RgbImage image)
    {
        var (width, height) = (image.Width, image.Height);
        var pixels = new byte[3 * width * height];
        int edge = Math.Min(width, height);
        for (int top = 0; top < height; top += edge)
        {
            for (int left = 0; left < width; left += edge)
            {
                // The last square of a row or column overlaps the one before.
                var (x, y) = (Math.Min(left, width - edge), Math.Min(top, height - edge));
                var target = new Planes();
                Resize.Apply(image, new CropBox(x, y, edge, edge, edge, edge, 0, 0), edge, true, target, new ResizeScratch());
                var square = target.ToInterleaved();
                for (int row = 0; row < edge; row++)
                {
                    square.AsSpan(3 * row * edge, 3 * edge).CopyTo(pixels.AsSpan(3 * ((y + row) * width + width - edge - x)));
                }
            }
        }
        return (width, height, pixels);
    }
}
