using System.Numerics;

namespace Paws.Data.Datasets.Shapes;

/// <summary>Draws one image of a class: background, object, occluder, noise. The same stream of random numbers gives the same image.</summary>
internal static class Scene
{
    /// <summary>Draws into Size · Size · 3 bytes of interleaved RGB. Every canvas pixel is painted over, so a canvas can be reused.</summary>
    public static void Draw(Canvas canvas, int label, SplitMix random, ShapesOptions options, Span<byte> rgb)
    {
        Background.Paint(canvas, ref random, options);

        var members = options.Members.Least + random.Below(options.Members.Most - options.Members.Least + 1);
        Span<int> cells = [0, 1, 2, 3];
        random.Shuffle(cells);
        for (var member = 0; member < members; member++)
        {
            var cell = members == 1 ? new Vector2(16) : new Vector2(8 + (16 * (cells[member] & 1)), 8 + (16 * (cells[member] >> 1)));
            var radius = random.Between(options.Radius.Least, options.Radius.Most);
            var room = MathF.Max(0, (members == 1 ? 16 : 8) - radius) * options.Shift;
            var centre = cell + new Vector2(random.Between(-room, room), random.Between(-room, room));
            PaintObject(canvas, label, ref random, options, centre, radius);
            Occlude(canvas, ref random, options, centre, radius);
        }

        var contrast = random.Between(options.ImageContrast.Least, options.ImageContrast.Most);
        var brightness = random.Between(-options.Brightness, options.Brightness);
        canvas.Develop(ref random, options.Noise, contrast, brightness, rgb);
    }

    private static void Occlude(Canvas canvas, ref SplitMix random, ShapesOptions options, Vector2 centre, float radius)
    {
        if (random.Chance(options.Occlusion))
        {
            var direction = Background.Direction(ref random);
            var middle = centre + (Background.Direction(ref random) * radius * random.Between(0, 0.7f));
            var colour = Background.Colour(ref random, 30, 225);
            var width = random.Between(options.OccluderWidth.Least, options.OccluderWidth.Most);
            canvas.Stroke(middle - (direction * radius * 1.5f), middle + (direction * radius * 1.5f), width, colour);
        }
    }

    private static void PaintObject(Canvas canvas, int label, ref SplitMix random, ShapesOptions options, Vector2 centre, float radius)
    {
        var beneath = canvas.MeanAround(centre.X, centre.Y, radius * 0.7f);
        var contrast = random.Between(options.Contrast.Least, options.Contrast.Most);
        var colour = Background.Against(ref random, beneath, contrast);

        // cos and sin from the tangent of half the angle: exact arithmetic, no library sine that differs between machines.
        var half = random.Between(-options.Tilt, options.Tilt);
        var cos = (1 - (half * half)) / (1 + (half * half));
        var sin = 2 * half / (1 + (half * half));
        var wide = random.Between(options.Aspect.Least, options.Aspect.Most);
        var (scaleX, scaleY) = wide > 1 ? (radius, radius / wide) : (radius * wide, radius);

        var textured = random.Chance(options.Texture);
        var checker = random.Chance(0.5f);
        var weave = Background.Direction(ref random) / random.Between(3, 7);
        var depth = contrast * options.TextureDepth / 2 * Background.Colour(ref random, 0.5f, 1);

        var (left, top, right, bottom) = Canvas.Bounds(centre.X, centre.Y, radius);
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                var (dx, dy) = (x + 0.5f - centre.X, y + 0.5f - centre.Y);
                var u = ((cos * dx) + (sin * dy)) / scaleX;
                var v = ((cos * dy) - (sin * dx)) / scaleY;
                var distance = Silhouette.Distance(label, u, v) * MathF.Min(scaleX, scaleY);
                if (distance < 0.5f)
                {
                    canvas.Paint(x, y, distance, textured ? colour + (depth * Weave(dx, dy, weave, checker)) : colour);
                }
            }
        }
    }

    private static float Weave(float x, float y, Vector2 direction, bool checker)
    {
        var stripe = Math.Clamp(3 * Background.Wave((x * direction.X) + (y * direction.Y)), -1, 1);
        return checker ? stripe * Math.Clamp(3 * Background.Wave((y * direction.X) - (x * direction.Y)), -1, 1) : stripe;
    }
}
